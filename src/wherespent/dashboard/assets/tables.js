// Tables: what is pressed in one becomes the state that the server draws it from. One listener
// for all of them: a table of 500 rows has no callbacks of its own.
(function () {
  const dash = (window.dash_clientside = window.dash_clientside || {});
  let presses = 0;

  // What was made of a table lives as long as its place on the page.
  const states = new WeakMap();

  function press(part, change, opens) {
    const state = Object.assign({}, states.get(part), change);
    if (opens !== undefined) {
      const opened = state.opened || [];
      state.opened = opened.includes(opens)
        ? opened.filter((it) => it !== opens)
        : opened.concat([opens]).slice(-12);
    }
    states.set(part, state);
    dash.set_props(part.dataset.table + "-state", { data: state });
  }

  // The button is there again after the drawing, and has the focus that it had.
  function keepFocus(part, button) {
    const [name, value] = Object.entries(button.dataset)[0];
    // The heading that was pressed offers the other direction now.
    const bare = (it) => (it.dataset[name] || "").replace(/^-/, "");
    const again = () =>
      Array.from(part.querySelectorAll("button")).find(
        (it) => name in it.dataset && bare(it) === value.replace(/^-/, ""),
      );
    let turns = 40;
    (function look() {
      const held = document.activeElement;
      if (held && held !== document.body && held !== button) return;
      const found = again();
      if (found && held !== found) found.focus({ preventScroll: true });
      turns -= 1;
      if (turns > 0) setTimeout(look, 50);
    })();
  }

  function chosenColumns(menu, pressed) {
    return Array.from(menu.querySelectorAll("[data-column]"))
      .filter((it) => (it.getAttribute("aria-pressed") === "true") !== (it === pressed))
      .map((it) => it.dataset.column);
  }

  document.addEventListener("click", function (event) {
    const target = event.target;
    // A menu closes when something else is pressed.
    for (const menu of document.querySelectorAll("details.picks[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
    const button = target.closest ? target.closest("button") : null;
    const part = button && button.closest("[data-table]");
    if (!part) return;
    const on = button.dataset;
    if (on.export === undefined) keepFocus(part, button);
    if (on.sort !== undefined) press(part, { sorted_by: on.sort });
    else if (on.open !== undefined) press(part, {}, on.open);
    else if (on.show !== undefined) press(part, { shown: Number(on.show) });
    else if (on.column !== undefined) {
      press(part, { columns: chosenColumns(button.closest(".menu"), button) });
    } else if (on.export !== undefined) {
      presses += 1;
      dash.set_props(part.dataset.table + "-export", {
        data: { format: on.export, presses: presses },
      });
      close(button.closest("details"));
    }
  });

  function close(menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }

  document.addEventListener("keydown", function (event) {
    const within = event.target.closest ? event.target.closest("details.picks[open]") : null;
    const menu = within || document.querySelector("details.picks[open]");
    if (!menu) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close(menu);
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const items = Array.from(menu.querySelectorAll(".menu-item"));
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = items[(items.indexOf(document.activeElement) + step + items.length) % items.length];
      if (next) {
        event.preventDefault();
        next.focus();
      }
    }
  });

  // A menu that is left by the keyboard closes, too.
  document.addEventListener("focusout", function (event) {
    const menu = event.target.closest ? event.target.closest("details.picks[open]") : null;
    const to = event.relatedTarget;
    if (menu && to && !menu.contains(to)) menu.open = false;
  });
})();
