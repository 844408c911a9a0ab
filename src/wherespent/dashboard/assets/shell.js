// What needs no server costs no round trip.
(function () {
  const dash = (window.dash_clientside = window.dash_clientside || {});
  let seen; // the version of the data that is drawn
  // What is no choice of a page, in the order of the server.
  const RESERVED = new Set(
    ["range", "from", "to", "by", "compare", "tz"].concat(
      ["account", "model", "project", "user", "key", "line_item"],
    ),
  );

  const NONE = "(none)";

  // The words that a control of a page says for a query string, as `PageChoice` reads them.
  function said(choice, search) {
    const all = new URLSearchParams(search || "").getAll(choice.name);
    if (choice.many && all.length === 1 && all[0] === NONE) return [];
    const asked = choice.many ? [...new Set(all)] : all.slice(-1);
    const known = asked.filter((it) => it && (!choice.words || choice.words.includes(it)));
    return known.length || !choice.default ? known : [choice.default];
  }
  // As the property `value` of the control holds them.
  function chosen(choice, search) {
    const words = said(choice, search);
    return choice.many ? words : words[0] || "";
  }
  // As Python quotes them: another spelling of one URL would be another step back.
  function quoted(word) {
    const hex = (it) => "%" + it.charCodeAt(0).toString(16).toUpperCase();
    return encodeURIComponent(word).replace(/[!'()*]/g, hex);
  }

  const path = () => location.pathname.replace(/\/+$/, "") || "/";
  // The page whose pictures are there: the layout brings those of the first one.
  let open = path();
  let isFirst = true;

  dash.shell = {
    // Every link keeps the view; the page that is open is marked.
    navigation: function (_place, _view, ...links) {
      const paths = links.map((link) => link.split("?")[0]);
      const first = "/" + path().split("/")[1];
      const here = JSON.parse(document.querySelector(".nav").dataset.under)[first] || first;
      return paths
        .map((it) => it + location.search)
        .concat(paths.map((it) => (it === here ? "nav-link on" : "nav-link")));
    },
    // A tab in the background asks nothing.
    visible: function (tick) {
      return document.hidden && tick ? dash.no_update : tick || 0;
    },
    repeat: (_clicks, ...values) => values,
    // UTC, the zone of the viewer, and the one that a link came with.
    zones: function (_clicks, chosen) {
      const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
      const names = new Set(["UTC", own || "UTC", chosen || "UTC"]);
      return [...names].map((it) => ({
        value: it,
        label: it === "UTC" ? "UTC" : it.replace(/^.*\//, "").replace(/_/g, " "),
      }));
    },
    place: function (_href, place, view) {
      const here = path() === place;
      // Said again even where it is the same: whoever goes back before a control has settled
      // finds the control moved.
      const known = location.search === view && (isFirst || !here);
      isFirst = false;
      return [here ? dash.no_update : path(), known ? dash.no_update : location.search];
    },
    // What the pages draw hangs on the query string and on the version of the data. `asked` is
    // what the pictures show: a layout may have come for a shorter URL than the browser has.
    ask: function (_view, _page, asked) {
      const arrived = dash.callback_context.triggered.some((it) => it.prop_id === "page.children");
      // A page that is on its way asks when it is there.
      const isDrawn = !asked || (location.search === asked.view && path() === asked.path);
      if (!arrived && (path() !== open || isDrawn)) return dash.no_update;
      open = path();
      const version = seen ?? (asked ? asked.version : undefined);
      return { view: location.search, version: version, path: path() };
    },
    ask_again: function (version, ask) {
      // The first version is that of the pictures that are there, or are being drawn.
      if (seen === undefined) seen = ask && ask.version ? ask.version : version;
      if (version === undefined || version === seen) return dash.no_update;
      seen = version;
      return ask ? { ...ask, version: version } : dash.no_update;
    },
    // Stack by, chart or table: the URL and the controls of the page agree.
    follow: function (search, choices) {
      for (const [id, choice] of Object.entries(choices)) {
        if (document.getElementById(id)) {
          dash.set_props(id, { value: chosen(choice, search) });
        }
      }
      return dash.no_update;
    },
    choose: function (value, id, search, choices) {
      const choice = choices[id];
      const given = (Array.isArray(value) ? value : [value]).filter(Boolean);
      const unknown = choice.words && given.some((it) => !choice.words.includes(it));
      const is = said(choice, search);
      if (unknown || given.join("\n") === is.join("\n")) return dash.no_update;
      // Nothing chosen is no word where there is a default to tell it from.
      if (!given.length && choice.default && !choice.many) return dash.no_update;
      const unsaid = given.join("\n") === choice.default;
      const words = given.length || !choice.default ? given : [NONE];
      const pairs = (search || "").replace(/^\?/, "").split("&").filter(Boolean);
      const nameOf = (pair) => pair.split("=")[0];
      const own = pairs.filter((it) => !RESERVED.has(nameOf(it)) && nameOf(it) !== choice.name);
      if (!unsaid) own.push(...words.map((it) => choice.name + "=" + quoted(it)));
      // In the order of the server, or it would rewrite the URL and the back button would stick.
      own.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
      const query = [...pairs.filter((it) => RESERVED.has(nameOf(it))), ...own].join("&");
      dash.set_props("url", { search: query ? "?" + query : "" });
      return dash.no_update;
    },
  };
})();
