// What the menu of a chart does in the browser: a table of its numbers, an image of its picture.
(function () {
  const dash = (window.dash_clientside = window.dash_clientside || {});
  const FONT = "/assets/inter-latin-wght-normal.woff2";
  const SCALE = 2; // pixels of a PNG for one of the page
  const LEAST_WIDTH = 760;
  let presses = 0;

  document.addEventListener("click", function (event) {
    const button = event.target.closest ? event.target.closest("[data-do]") : null;
    const part = button && button.closest("[data-chart]");
    if (!part) return;
    const does = button.dataset.do;
    if (does === "table" || does === "chart") {
      presses += 1;
      dash.set_props(part.dataset.chart + "-shown", { data: { as: does, presses: presses } });
    } else {
      image(part, does).catch((error) => console.error("no image of this chart:", error));
    }
    const menu = button.closest("details");
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // Paper has another width: there a chart is scaled, because nothing draws it anew.
  window.addEventListener("beforeprint", function () {
    for (const frame of document.querySelectorAll(".js-plotly-plot .svg-container")) {
      const box = [frame.offsetWidth, frame.offsetHeight];
      frame.style.setProperty("--shape", box.join(" / "));
      for (const svg of frame.querySelectorAll(".main-svg")) {
        svg.setAttribute("viewBox", "0 0 " + box.join(" "));
      }
    }
  });
  window.addEventListener("afterprint", function () {
    for (const svg of document.querySelectorAll(".js-plotly-plot .main-svg")) {
      svg.removeAttribute("viewBox");
    }
  });

  async function image(part, format) {
    const graph = part.querySelector(".js-plotly-plot");
    const said = words(part);
    const figure = dressed(graph, said);
    const svg = withFont(await window.Plotly.toImage(figure.figure, {
      format: "svg", width: figure.width, height: figure.height, imageDataOnly: true,
    }), await font());
    const file = new Blob([svg], { type: "image/svg+xml" });
    const saved = format === "svg" ? file : await painted(svg, figure.width, figure.height);
    save(saved, fileName(said) + "." + format);
  }

  // What the picture shows, of which page and of which days.
  function words(part) {
    const text = (found) => (found ? found.textContent.trim() : "");
    const head = part.closest(".card") && part.closest(".card").querySelector(".card-head");
    const range = document.getElementById("range-label");
    const isSeen = range && range.offsetParent !== null;
    const unit = head ? text(head.querySelector(".unit")) : "";
    return {
      page: text(document.querySelector("main h1")),
      title: text(head && head.querySelector("h2")),
      unit: unit.replace(/,? by$/, ""),
      range: isSeen ? text(range.firstChild) : "",
    };
  }

  function fileName(said) {
    return ["wherespent", said.page, said.title, said.range]
      .filter(Boolean)
      .join("-")
      .normalize("NFKD")
      .replace(/[^A-Za-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .toLowerCase()
      .slice(0, 120);
  }

  // The colours that the style sheet gives the chart on the page, written into a copy of it.
  function dressed(graph, said) {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const copy = (value) => JSON.parse(JSON.stringify(value));
    const data = copy(graph.data).map((trace) => {
      if (trace.type === "pie") {
        trace.marker = Object.assign({}, trace.marker, { line: { color: colour("--card"), width: 1.5 } });
        trace.textinfo = "percent";
      }
      return trace;
    });
    const layout = copy(graph.layout);
    const text = { family: "Inter, system-ui, sans-serif", size: 12, color: colour("--dim") };
    const legend = data.length > 1 || data[0].type === "pie";
    const width = Math.max(LEAST_WIDTH, graph.clientWidth);
    const lines = legend ? Math.ceil((data.length * 170) / width) : 0;
    const height = graph.clientHeight + 64 + lines * 22 + (legend ? 12 : 0);
    const under = [said.unit, said.range, said.page].filter(Boolean).map(escaped).join(" · ");
    const margin = Object.assign({ l: 48, r: 16, t: 8, b: 28 }, layout.margin);
    Object.assign(layout, {
      autosize: false, width: width, height: height, font: text,
      paper_bgcolor: colour("--card"), plot_bgcolor: colour("--card"),
      title: {
        text: "<b>" + escaped(said.title) + "</b><br><span style='font-size:12px'>" + under + "</span>",
        font: Object.assign({}, text, { size: 15, color: colour("--text") }),
        x: 12 / width, xref: "container", xanchor: "left",
        y: 1 - 16 / height, yref: "container", yanchor: "top",
      },
      showlegend: legend,
      legend: {
        orientation: "h", x: 0, y: 0.01, yref: "container", yanchor: "bottom",
        font: text, bgcolor: "rgba(0,0,0,0)", traceorder: "normal",
      },
      margin: Object.assign(margin, { t: margin.t + 56, r: margin.r + 8, b: margin.b + lines * 22 + 10 }),
    });
    for (const axis of ["xaxis", "yaxis"]) {
      if (!layout[axis]) continue;
      layout[axis] = Object.assign({}, layout[axis], {
        gridcolor: colour("--line"), linecolor: colour("--line"), zerolinecolor: colour("--line"),
      });
    }
    for (const note of layout.annotations || []) {
      note.font = Object.assign({}, text, note.font, { color: colour("--text") });
    }
    return { figure: { data: data, layout: layout, config: {} }, width: width, height: height };
  }

  const escaped = (it) => it.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  // An image is drawn without the page's fonts: this one brings its own.
  let packed;
  function font() {
    packed = packed || fetch(FONT)
      .then((answer) => answer.blob())
      .then((blob) => new Promise((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.onerror = reject;
        reader.readAsDataURL(blob);
      }))
      .catch(() => "");
    return packed;
  }

  function withFont(svg, url) {
    if (!url) return svg;
    const face = "@font-face{font-family:Inter;font-weight:100 900;src:url(" + url + ")}";
    return svg.replace(/(<svg[^>]*>)/, "$1<defs><style>" + face + "</style></defs>");
  }

  function painted(svg, width, height) {
    return new Promise((resolve, reject) => {
      const picture = new Image();
      picture.onload = () => {
        const canvas = document.createElement("canvas");
        canvas.width = width * SCALE;
        canvas.height = height * SCALE;
        const brush = canvas.getContext("2d");
        brush.scale(SCALE, SCALE);
        brush.drawImage(picture, 0, 0, width, height);
        canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("empty"))), "image/png");
      };
      picture.onerror = () => reject(new Error("the browser cannot draw it"));
      picture.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
    });
  }

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
})();
