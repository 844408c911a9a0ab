// Keys, the search and the list of shortcuts, the menu of narrow screens.
(function () {
  const WAIT = 1200; // how long a letter may come after `g`
  let awaited = 0;

  const byId = (id) => document.getElementById(id);
  const isTyping = (it) =>
    it.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(it.tagName) || it.role === "textbox";

  function open(dialog) {
    const other = document.querySelector("dialog[open]");
    if (other) other.close();
    dialog.showModal();
  }
  function openSearch() {
    open(byId("palette"));
    const box = byId("palette-search");
    box.focus();
    box.select();
    // The first results come when it is opened, for the view of the moment.
    window.dash_clientside.set_props("palette-opened", { data: Date.now() });
  }
  document.addEventListener(
    "close",
    (event) => {
      if (event.target.id === "palette") {
        window.dash_clientside.set_props("palette-search", { value: "" });
      }
    },
    true,
  );
  // Go where the link of the navigation goes: it keeps the view.
  function go(letter) {
    const id = JSON.parse(byId("shortcuts").dataset.goTo)[letter];
    if (id) byId(id).click();
    return Boolean(id);
  }

  const KEYS = {
    "/": openSearch,
    "?": () => open(byId("shortcuts")),
    d: () => byId("range-button").offsetParent && byId("range-button").click(),
    f: () => byId("filter-button").click(),
  };

  const DIALOGS = "dialog[open], [role=dialog][aria-modal=true]";
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return closeMenu(true);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector(DIALOGS)) return;
    const isSecond = Date.now() - awaited < WAIT;
    awaited = 0;
    if (isSecond) {
      if (go(event.key)) event.preventDefault();
    } else if (event.key === "g") {
      awaited = Date.now();
    } else if (KEYS[event.key]) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });

  // Up and down go through the results, from the box and back to it.
  function move(event, step) {
    const places = [byId("palette-search"), ...document.querySelectorAll("#palette .hit")];
    const at = places.indexOf(document.activeElement);
    const next = places[Math.max(0, Math.min(places.length - 1, at + step))];
    event.preventDefault();
    next.focus();
  }
  // Enter in the box opens the first result, of what is in the box and not of less.
  function openFirst(text) {
    const found = document.querySelector("#palette-results > [data-for]");
    if (!found || found.dataset.for !== text) return false;
    const first = found.querySelector(".hit");
    if (first) first.click();
    return true;
  }
  let waiting; // for the results of a text
  function enter(text) {
    if (waiting) waiting.disconnect();
    if (openFirst(text)) return;
    waiting = new MutationObserver(() => {
      const isLeft = !byId("palette").open || byId("palette-search").value.trim() !== text;
      if (isLeft || openFirst(text)) waiting.disconnect();
    });
    waiting.observe(byId("palette-results"), { childList: true, subtree: true, attributes: true });
  }
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest || !event.target.closest("#palette")) return;
    if (event.key === "ArrowDown") move(event, 1);
    else if (event.key === "ArrowUp") move(event, -1);
    else if (event.key === "Enter" && event.target.id === "palette-search") {
      event.preventDefault();
      enter(event.target.value.trim());
    }
  });

  // The menu of narrow screens.
  function closeMenu(isKey) {
    const button = byId("menu-button");
    if (!button || button.getAttribute("aria-expanded") !== "true") return;
    setMenu(button, false);
    if (isKey) button.focus();
  }
  function setMenu(button, isOpen) {
    button.setAttribute("aria-expanded", String(isOpen));
    byId("app").classList.toggle("with-menu", isOpen);
  }

  document.addEventListener("click", (event) => {
    const at = event.target;
    if (at.closest("#palette-opener")) openSearch();
    if (at.closest("#shortcuts-opener")) {
      closeMenu();
      open(byId("shortcuts"));
    }
    const button = at.closest("#menu-button");
    if (button) setMenu(button, button.getAttribute("aria-expanded") !== "true");
    else if (at.closest(".nav a") || !at.closest(".nav-menu")) closeMenu();
    // A result, the cross, or beside the dialog.
    const dialog = at.closest("dialog");
    if (dialog && (at === dialog || at.closest(".hit") || at.closest(".head button"))) {
      dialog.close();
    }
  });
})();
