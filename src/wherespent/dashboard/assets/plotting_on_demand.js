// Most charts need only the small bundle of Plotly. The whole one is loaded when the first chart
// comes that the small one cannot draw: it is four times as large.
(function () {
  const small = window.Plotly;
  const LARGE = new Set(["treemap", "heatmap"]);
  // Pictures are of any chart: the whole bundle draws them all.
  const PICTURES = new Set(["toImage", "downloadImage"]);
  const SOURCE = "/assets/plotly-whole.min.js?m=" + small.version;
  let whole; // a promise of the whole bundle
  // Charts that the whole bundle drew stay with it: they hold its state.
  const drawn = new WeakSet();

  function load() {
    whole ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = SOURCE;
      script.onload = () => {
        const large = window.Plotly;
        window.Plotly = small;
        share(small, large);
        share(small.Plots, large.Plots);
        resolve(large);
      };
      script.onerror = () => {
        whole = undefined; // the next chart tries again
        script.remove();
        reject(new Error("the chart library did not load"));
      };
      document.head.append(script);
    });
    return whole;
  }

  // What is done to a chart is done by the bundle that drew it.
  function share(mine, theirs) {
    for (const name of Object.keys(theirs)) {
      const own = mine[name];
      if (typeof own !== "function" || name === "react") continue;
      mine[name] = function (graph, ...rest) {
        const other = PICTURES.has(name) || (graph instanceof Element && drawn.has(graph));
        return (other ? theirs[name] : own).call(other ? theirs : mine, graph, ...rest);
      };
    }
  }

  const draw = small.react;
  small.react = function (graph, figure, ...rest) {
    const traces = (figure && figure.data) || [];
    if (!drawn.has(graph) && !traces.some((it) => LARGE.has(it.type))) {
      return draw.call(small, graph, figure, ...rest);
    }
    return load().then(
      (large) => {
        drawn.add(graph);
        return large.react(graph, figure, ...rest);
      },
      (error) => {
        // Dash draws nothing more into a chart whose drawing was rejected once.
        console.error(error);
        const title = { text: "This chart did not load: reload the page to try again" };
        return draw.call(small, graph, { data: [], layout: { title } });
      },
    );
  };
})();
