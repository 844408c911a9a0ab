// Puts the HTML of still parts in place (see still.py), and follows their links as Dash does.
(function () {
  "use strict";

  function fill(element) {
    element.innerHTML = element.getAttribute("data-html");
  }

  function fillAll(root) {
    if (root.nodeType !== 1) return;
    if (root.matches(".still[data-html]")) fill(root);
    root.querySelectorAll(".still[data-html]").forEach(fill);
  }

  // Called before the next paint: nobody sees an empty part.
  new MutationObserver(function (changes) {
    changes.forEach(function (change) {
      if (change.type === "attributes") {
        if (change.target.matches(".still")) fill(change.target);
      } else change.addedNodes.forEach(fillAll);
    });
  }).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-html"],
  });

  document.addEventListener("click", function (event) {
    var link = event.target.closest(".still a[href]");
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState({}, "", link.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  });
})();
