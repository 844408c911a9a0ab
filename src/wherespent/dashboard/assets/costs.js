// "Copy for a spreadsheet": the text is in the button, so that nothing is asked of the server.
(function () {
  function bySelection(text) {
    // Without https there is no clipboard to write to.
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("not copied"));
  }

  function say(button, words) {
    const place = button.parentElement.querySelector(".copied");
    if (!place) return;
    place.textContent = words;
    setTimeout(function () {
      place.textContent = "";
    }, 4000);
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest ? event.target.closest("button[data-copy]") : null;
    if (!button) return;
    const text = button.dataset.copy;
    const copied = navigator.clipboard
      ? navigator.clipboard.writeText(text).catch(() => bySelection(text))
      : bySelection(text);
    copied.then(
      () => say(button, "Copied"),
      () => say(button, "Not copied: the browser does not allow it")
    );
  });
})();
