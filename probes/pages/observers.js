(() => {
  const seen = { fcp: null, lcp: null, cls: 0, tasks: [] };
  let session = 0, first = 0, last = 0;
  const observe = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take))
    .observe({ type, buffered: true });
  observe("paint", (one) => { if (one.name === "first-contentful-paint") seen.fcp = one.startTime; });
  observe("largest-contentful-paint", (one) => { seen.lcp = one.startTime; });
  observe("longtask", (one) => { seen.tasks.push([one.startTime, one.startTime + one.duration]); });
  // The worst session window: shifts less than 1 s apart, 5 s at most (https://web.dev/articles/cls).
  observe("layout-shift", (one) => {
    if (one.hadRecentInput) return;
    if (one.startTime - last < 1000 && one.startTime - first < 5000) session += one.value;
    else { session = one.value; first = one.startTime; }
    last = one.startTime;
    seen.cls = Math.max(seen.cls, session);
  });
  // Resolves once nothing kept the main thread for more than 50 ms in the last `quiet` milliseconds.
  window.__portalwatch = (quiet) => new Promise((resolve) => {
    const loaded = performance.now();
    const look = () => {
      const busy = seen.tasks.length ? seen.tasks[seen.tasks.length - 1][1] : 0;
      if (performance.now() - Math.max(seen.fcp === null ? loaded : seen.fcp, busy) >= quiet) resolve(true);
      else setTimeout(look, 50);
    };
    look();
  });
  window.__portalwatchSeen = () => {
    const one = performance.getEntriesByType("navigation")[0];
    return { ...seen, ttfb: one.responseStart, load: one.loadEventEnd, ready: one.domContentLoadedEventEnd };
  };
})();
