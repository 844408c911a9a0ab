// Mantine says on the box around a button what the button itself must say: that it opens
// something, and whether it is open.
(function () {
  const SAID = ["aria-haspopup", "aria-expanded", "aria-controls"];
  const BOX = "div[id^='mantine-'][id$='-target']";

  function move(box) {
    const button = box.querySelector("button");
    if (!button) return;
    for (const name of SAID) {
      if (box.hasAttribute(name)) {
        button.setAttribute(name, box.getAttribute(name));
        box.removeAttribute(name);
      }
    }
  }

  const moveAll = (root) => root.querySelectorAll && root.querySelectorAll(BOX).forEach(move);

  new MutationObserver(function (changes) {
    for (const change of changes) {
      if (change.type === "attributes") {
        if (change.target.matches(BOX)) move(change.target);
      } else {
        change.addedNodes.forEach(moveAll);
      }
    }
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: SAID,
  });
  moveAll(document);
})();
