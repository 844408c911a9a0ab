// A refresh of the data keeps the zoom. Plotly's own `uirevision` is not enough: after a zoom
// Dash draws once more with the layout that Plotly changed, and Plotly then takes the zoom for
// the application's wish, which the next figure does not repeat.
(function () {
  const react = window.Plotly.react;
  window.Plotly.react = function (graph, figure, ...rest) {
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
    return react.call(this, graph, figure, ...rest);
  };
})();
