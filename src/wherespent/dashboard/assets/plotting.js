// How charts are drawn: one after the other, once, and with the zoom that a person chose.
(function () {
  const react = window.Plotly.react;
  const resize = window.Plotly.Plots.resize;
  let last = Promise.resolve();

  // A refresh of the data keeps the zoom. Plotly's own `uirevision` is not enough: after a zoom
  // Dash draws once more with the layout that Plotly changed, and Plotly then takes the zoom for
  // the application's wish, which the next figure does not repeat.
  function keepZoom(graph, figure) {
    const next = figure && figure.layout;
    const now = graph && graph.layout;
    if (next && now && next.uirevision && next.uirevision === now.uirevision) {
      for (const axis of ["xaxis", "yaxis"]) {
        const zoomed = now[axis] && now[axis].autorange === false && now[axis].range;
        if (zoomed && next[axis] && !next[axis].range) {
          next[axis] = Object.assign({}, next[axis], { range: zoomed.slice(), autorange: false });
        }
      }
    }
  }

  // Charts that arrive together are drawn one per task, so that the first is seen at once.
  window.Plotly.react = function (graph, figure, ...rest) {
    const mine = last.then(() => {
      keepZoom(graph, figure);
      return react.call(window.Plotly, graph, figure, ...rest);
    });
    last = mine.catch(() => {}).then(() => new Promise((next) => setTimeout(next)));
    return mine;
  };

  // Dash resizes every chart after its first drawing: nothing to do where the size is right.
  window.Plotly.Plots.resize = function (graph) {
    const drawn = graph._fullLayout;
    const fits = drawn && drawn.width === graph.clientWidth && drawn.height === graph.clientHeight;
    return fits ? Promise.resolve(graph) : resize.call(window.Plotly.Plots, graph);
  };
})();
