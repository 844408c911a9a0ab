// Clientside callbacks of the shell: what needs no server costs no round trip.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  shell: {
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
      return document.hidden && tick ? window.dash_clientside.no_update : tick || 0;
    },
    ask_again: function (version, ask) {
      if (!ask || version === undefined || ask.version === version) {
        return window.dash_clientside.no_update;
      }
      return { view: ask.view, version: version };
    },
  },
});
