// Explore and the saved views: options with reasons, the dialogs, the title of the window.
(function () {
  const dash = (window.dash_clientside = window.dash_clientside || {});
  const functions = (window.dashMantineFunctions = window.dashMantineFunctions || {});

  // An option of a select: what cannot be asked says why.
  functions.exploreOption = function ({ option, checked }) {
    const make = window.React.createElement;
    const reason = option.reason
      ? make("span", { className: "option-reason" }, sentence(option.reason))
      : null;
    return make(
      "span",
      { className: checked ? "option on" : "option", title: option.reason || undefined },
      make("span", { className: "option-label" }, option.label),
      reason,
    );
  };

  function sentence(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  // The page's own name, of Explore its question, before that of the application.
  function windowTitle() {
    const text = (selector) => {
      const found = document.querySelector(selector);
      return found ? found.textContent.trim() : "";
    };
    const names = [text("#explore-question"), text("main h1"), "wherespent"];
    document.title = [...new Set(names.filter(Boolean))].join(" · ");
    return dash.no_update;
  }

  // The order of the words in a URL says nothing.
  function question(place) {
    const words = [...new URLSearchParams(place.search)].map((pair) => pair.join("="));
    return [place.pathname, ...words.sort()].join("\n");
  }

  dash.explore = {
    opened: function (clicks) {
      if (!clicks) return [dash.no_update, dash.no_update, dash.no_update];
      const question = document.getElementById("explore-question");
      return [true, question ? question.textContent.slice(0, 60) : "", ""];
    },
    // Another view, another name; "Delete…" asks first, "Keep it" takes that back.
    chosen: function (value, options) {
      const asked = dash.callback_context.triggered.map((it) => it.prop_id);
      const view = (options || []).find((it) => it.value === value);
      const name = view ? view.label : "";
      const sure = asked.includes("manage-views-delete.n_clicks") && view;
      return [
        sure ? dash.no_update : name,
        sure ? {} : { display: "none" },
        sure ? "Delete “" + name + "” for everybody? This cannot be undone." : "",
      ];
    },
    marked: function () {
      // After React has put the list there.
      setTimeout(() => {
        const here = question(location);
        for (const link of document.querySelectorAll("#saved-views a")) {
          const is = question(link) === here;
          link.classList.toggle("on", is);
          if (is) link.setAttribute("aria-current", "page");
          else link.removeAttribute("aria-current");
        }
      });
      return dash.no_update;
    },
    titled: function () {
      setTimeout(windowTitle);
      return dash.no_update;
    },
  };
})();
