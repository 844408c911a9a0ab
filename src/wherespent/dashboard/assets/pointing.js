// What a pointer does on a chart: a click on a bar, an area or a slice does what its name in the
// legend does; a drag over a time chart makes the page's range what was dragged over.
(function () {
  const dash = (window.dash_clientside = window.dash_clientside || {});
  const DAY = 86400000;
  const NEAR = 24; // pixels that a click may be off a line

  // Listens once the pointer is there: charts come and go, and Plotly forgets its listeners.
  document.addEventListener("pointerover", (event) => {
    const graph = event.target.closest && event.target.closest(".js-plotly-plot");
    if (!graph || !graph.on || graph.listening === graph._ev) return;
    graph.listening = graph._ev;
    graph.on("plotly_click", (clicked) => follow(graph, clicked));
    graph.on("plotly_relayout", (change) => zoomed(graph, change));
  });

  function follow(graph, clicked) {
    const point = picked(graph, clicked);
    const link = point && linkOf(graph, point);
    if (link) link.click ? link.click() : go(link);
  }

  function go(href) {
    const [pathname, search] = href.split("?");
    const query = search ? "?" + search : "";
    dash.set_props("url", pathname ? { pathname: pathname, search: query } : { search: query });
  }

  // `meta` of a trace is its href, or those of its points; else the legend below has a link.
  function linkOf(graph, point) {
    const meta = point.data.meta;
    if (meta) return Array.isArray(meta) ? meta[point.pointNumber] : meta;
    const part = graph.closest("[data-chart]");
    const name = point.data.type === "pie" ? point.label.replace(/\u200b+$/, "") : point.data.name;
    const entries = part ? [...part.querySelectorAll(".legend .entry")] : [];
    const text = new DOMParser().parseFromString(name || "", "text/html").body.textContent;
    // A legend may say a number behind the name; two things may have one name.
    const same = entries.filter((it) => it.title === text || it.title.startsWith(text + " "));
    const exact = same.filter((it) => it.title === text);
    const named = exact.length ? exact : same;
    return named.length === 1 && named[0].href ? named[0] : undefined;
  }

  // Of all points at one place of the axis, which is what a hover gives, the one under the pointer.
  function picked(graph, clicked) {
    const points = clicked.points.filter((it) => !it.yaxis || it.yaxis._id === "y");
    if (!points.length || !points[0].yaxis) return points[0];
    const box = graph.getBoundingClientRect();
    const lies = points[0].data.orientation === "h";
    const axis = lies ? points[0].xaxis : points[0].yaxis;
    const at = lies ? clicked.event.clientX - box.left : clicked.event.clientY - box.top;
    const pixel = at - axis._offset;
    if (graph.layout.barmode === "group") return beside(graph, points, clicked.event, lies, pixel);
    const isStacked = (it) => it.data.stackgroup || (it.data.type === "bar" && !it.data.base);
    if (points.length === 1 && points[0].data.base) return points[0];
    if (!points.every(isStacked)) return nearest(points, axis, pixel, lies);
    return stacked(points, axis.p2d(pixel), lies);
  }
  // Of bars next to each other the one at that place of the axis, not far from it.
  function beside(graph, points, event, lies, pixel) {
    const box = graph.getBoundingClientRect();
    const along = lies ? points[0].yaxis : points[0].xaxis;
    const across = lies ? points[0].xaxis : points[0].yaxis;
    const at = lies ? event.clientY - box.top : event.clientX - box.left;
    const place = along.p2c(at - along._offset);
    // A log axis has no zero: its bars begin at its edge.
    const foot = across.type !== "log" ? across.d2p(0) : lies ? 0 : across._length;
    return points.find((it) => {
      const bar = graph.calcdata[it.curveNumber][it.pointNumber];
      if (it.data.type !== "bar" || !(place >= bar.p0 && place <= bar.p1)) return false;
      const tip = across.d2p(lies ? it.x : it.y);
      return pixel >= Math.min(foot, tip) - NEAR && pixel <= Math.max(foot, tip) + NEAR;
    });
  }
  function stacked(points, value, lies) {
    let above = 0;
    let below = 0;
    for (const point of [...points].sort((a, b) => a.curveNumber - b.curveNumber)) {
      const size = Number(lies ? point.x : point.y);
      const from = size < 0 ? below : above;
      if (size < 0) below += size;
      else above += size;
      if (value >= Math.min(from, from + size) && value <= Math.max(from, from + size)) return point;
    }
    return undefined;
  }
  function nearest(points, axis, pixel, lies) {
    const away = (it) => Math.abs(axis.d2p(lies ? it.x : it.y) - pixel);
    const found = [...points].sort((a, b) => away(a) - away(b))[0];
    return away(found) <= NEAR ? found : undefined;
  }

  const moment = (text) => {
    const plain = String(text).trim().replace(" ", "T");
    return Date.parse(plain.length <= 10 ? plain + "T00:00:00Z" : plain + "Z");
  };
  const day = (it) => new Date(it).toISOString().slice(0, 10);

  // The starts of the buckets of a time chart, as the traces give them.
  function starts(graph) {
    const found = new Set();
    for (const trace of graph.data) {
      if (trace.yaxis && trace.yaxis !== "y") continue;
      if (trace.x) trace.x.forEach((it) => found.add(moment(it)));
      else if (trace.x0 !== undefined && trace.y) {
        trace.y.forEach((_, i) => found.add(moment(trace.x0) + i * trace.dx));
      }
    }
    return [...found].filter((it) => !Number.isNaN(it)).sort((a, b) => a - b);
  }

  function zoomed(graph, change) {
    const axis = graph._fullLayout && graph._fullLayout.xaxis;
    const from = change["xaxis.range[0]"];
    if (from === undefined || !axis || axis.type !== "date") return;
    // What shows a time of its own stays with it.
    if (graph.closest(".live")) return;
    const all = starts(graph);
    const left = moment(from);
    const right = moment(change["xaxis.range[1]"]);
    const inside = all.filter((it) => it >= left && it <= right);
    if (!inside.length || inside.length === all.length) return;
    const last = inside[inside.length - 1];
    const width = all[1] - all[0];
    const end = all[all.indexOf(last) + 1] || last + width;
    const first = day(inside[0]);
    const until = day(Math.min(end - 1, Math.max(last, Date.now())));
    const whole = [day(all[0]), day(all[all.length - 1])];
    // Hours of one day: nothing that the address could say.
    if (width < DAY && first === whole[0] && until === whole[1]) return;
    const rest = location.search.replace(/^\?/, "").split("&");
    const kept = rest.filter((it) => it && !/^(range|from|to)=/.test(it));
    dash.set_props("url", { search: "?" + ["from=" + first, "to=" + until, ...kept].join("&") });
  }
})();
