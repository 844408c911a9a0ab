// What needs no server costs no round trip.
(function () {
  const dash = (window.dash_clientside = window.dash_clientside || {});
  let seen; // the version of the data that is drawn

  // What a control of a page shows for a query string.
  function chosen(choice, search) {
    const word = new URLSearchParams(search || "").get(choice.name);
    return choice.words.includes(word) ? word : choice.default;
  }

  dash.shell = {
    // Every link keeps the view; the page that is open is marked.
    navigation: function (pathname, search) {
      const paths = ["/", "/costs", "/tokens", "/health"];
      const open = (pathname || "/").replace(/\/+$/, "") || "/";
      return paths
        .map((path) => path + (search || ""))
        .concat(paths.map((path) => (path === open ? "nav-link on" : "nav-link")));
    },
    // A tab in the background asks nothing.
    visible: function (tick) {
      return document.hidden && tick ? dash.no_update : tick || 0;
    },
    // What the pages draw hangs on the query string and on the version of the data.
    ask: function (href, ask) {
      const view = href ? new URL(href, location.href).search : location.search;
      return ask && ask.view === view ? dash.no_update : { view: view, version: seen };
    },
    ask_again: function (version, ask) {
      const first = seen === undefined;
      if (version === undefined || version === seen) return dash.no_update;
      seen = version;
      // The first version is that of the pictures that are being drawn.
      return !ask || first ? dash.no_update : { view: ask.view, version: version };
    },
    // Stack by, chart or table: the URL and the controls of the page agree.
    follow: function (href, choices) {
      const search = new URL(href || location.href, location.href).search;
      for (const [id, choice] of Object.entries(choices)) {
        if (document.getElementById(id)) {
          dash.set_props(id, { value: chosen(choice, search) });
        }
      }
      return dash.no_update;
    },
    choose: function (value, id, search, choices) {
      const choice = choices[id];
      if (!choice.words.includes(value) || value === chosen(choice, search)) {
        return dash.no_update;
      }
      const asked = new URLSearchParams(search || "");
      const words = (search || "").replace(/^\?/, "").split("&");
      const kept = words.filter((it) => it && !/^(stack|show)=/.test(it));
      // In the order of the server, or it would rewrite the URL and the back button would stick.
      for (const name of ["stack", "show"]) {
        const word = name === choice.name ? value : asked.get(name);
        const unsaid = name === choice.name && word === choice.default;
        if (word && !unsaid) kept.push(name + "=" + word);
      }
      const query = kept.length ? "?" + kept.join("&") : "";
      dash.set_props("url", { search: query });
      return dash.no_update;
    },
  };
})();
