// Dash tells its store of every component that is drawn anew, and the store tells every component
// of the page: a hundred rows on a page of a thousand components are asked a hundred thousand
// times. Here they are told once, when all of these rows are there. The state itself is never late.
(function () {
  const ONE_OF_MANY = "RESET_COMPONENT_STATE";

  function batch(store) {
    const { dispatch, subscribe } = store;
    const listeners = new Set();
    let isQuiet = false;
    let isOwed = false;

    function tell() {
      if (!isOwed) return;
      isOwed = false;
      for (const listener of [...listeners]) {
        try {
          listener();
        } catch (error) {
          // One that fails takes no other with it.
          setTimeout(() => {
            throw error;
          });
        }
      }
    }
    store.subscribe = function (listener) {
      const heard = () => isQuiet || listener();
      listeners.add(listener);
      const stop = subscribe(heard);
      return () => {
        listeners.delete(listener);
        stop();
      };
    };
    store.dispatch = function (action) {
      // A function dispatches by itself, or nothing at all: what is owed stays owed.
      if (typeof action === "function") return dispatch(action);
      if (!action || action.type !== ONE_OF_MANY) {
        isOwed = false; // whoever listens is told of this one
        return dispatch(action);
      }
      isQuiet = true;
      try {
        return dispatch(action);
      } finally {
        isQuiet = false;
        if (!isOwed) queueMicrotask(tell);
        isOwed = true;
      }
    };
  }

  const stores = (window.dash_stores = window.dash_stores || []);
  const push = stores.push;
  stores.push = function (...added) {
    added.forEach(batch);
    return push.apply(this, added);
  };
})();
