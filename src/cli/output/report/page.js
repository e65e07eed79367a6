// Draws the charts of the report's page; runs in the reader's browser, behind uPlot, as a classic script.
//
// Here: drawing and nothing else: the lines come ready from charts.ts as JSON in #charts, one entry a connection. Each
// <figure class="chart"> names its entry and what to draw, "throughput" (stacked) or "rtt". Colours are the page's
// custom properties, read again when the reader's system goes from light to dark.
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const figures = [...document.querySelectorAll("figure.chart")];
  const MARK_COLOURS = {
    "path-up": "--good",
    "path-recovered": "--good",
    "path-down": "--bad",
    "no-path-left": "--bad",
    fallback: "--warn",
  };
  const MARK_ROWS = 3;
  const ROW_PX = 19;
  const FONT = "11.5px system-ui, sans-serif";

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const pathColour = (index) => colour(`--path-${(index % 8) + 1}`);
  const number = (value) =>
    value.toLocaleString("en", { maximumSignificantDigits: 3, useGrouping: false });

  /** Each line on top of those before it: what uPlot draws as areas. */
  const stacked = (lines) => {
    const sums = lines[0].map(() => 0);
    return lines.map((line) => line.map((value, at) => (sums[at] += value)));
  };

  /** Vertical lines, with labels at the top in as many rows as there is room for; the rest are bare lines. */
  const marksPlugin = (marks, rows) => {
    const draw = (u) => {
      const { ctx, bbox } = u;
      const ratio = devicePixelRatio;
      const right = bbox.left + bbox.width;
      const rowEnds = Array(rows).fill(Number.NEGATIVE_INFINITY);
      ctx.save();
      ctx.font = FONT.replace(/[\d.]+/, (size) => size * ratio);
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      ctx.lineWidth = ratio;
      const placed = marks.flatMap(({ at, kind, label }) => {
        const x = Math.round(u.valToPos(at, "x", true));
        if (x < bbox.left - 1 || x > right + 1) return [];
        const width = ctx.measureText(label).width + 12 * ratio;
        const left = Math.min(x, right - width);
        const row = rowEnds.findIndex((end) => end + 4 * ratio <= left);
        if (row >= 0) rowEnds[row] = left + width;
        const top = bbox.top - (row + 1) * ROW_PX * ratio;
        return [{ x, left, top, width, label, row, ink: colour(MARK_COLOURS[kind] ?? "--muted") }];
      });
      ctx.setLineDash([4 * ratio, 3 * ratio]);
      for (const { x, top, ink } of placed) {
        ctx.strokeStyle = ink;
        ctx.beginPath();
        ctx.moveTo(x, top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.setLineDash([]);
      for (const { left, top, width, label, ink } of placed.filter(({ row }) => row >= 0)) {
        ctx.fillStyle = ink;
        ctx.beginPath();
        ctx.roundRect(left, top, width, 16 * ratio, 3 * ratio);
        ctx.fill();
        ctx.fillStyle = colour("--card");
        ctx.fillText(label, left + 6 * ratio, top + 8.5 * ratio);
      }
      ctx.restore();
    };
    return { hooks: { draw } };
  };

  /** Rows of labels that the marks need at this width, by the same rule as their drawing. */
  const rowsOfMarks = (marks, { width, from, to }) => {
    const context = document.createElement("canvas").getContext("2d");
    context.font = FONT;
    const ends = [];
    for (const { at, label } of marks) {
      const labelWidth = context.measureText(label).width + 12;
      const x = ((at - from) / (to - from)) * width;
      const left = Math.min(x, width - labelWidth);
      let row = ends.findIndex((end) => end + 4 <= left);
      if (row < 0) row = ends.length;
      ends[row] = left + labelWidth;
    }
    return Math.min(ends.length, MARK_ROWS);
  };

  const axis = (label, more) => ({
    stroke: () => colour("--muted"),
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { stroke: () => colour("--line"), width: 1, size: 5 },
    font: FONT,
    labelFont: FONT,
    labelSize: 20,
    labelGap: 2,
    label,
    ...more,
  });

  const timeAxis = (seconds) =>
    seconds < 300
      ? axis("seconds since the transfer's start", { size: 34 })
      : axis("minutes since the transfer's start", {
          size: 34,
          incrs: [1, 2, 5, 10, 20, 30, 60, 120, 360, 720, 1440].map((minutes) => minutes * 60),
          values: (_u, ticks) => ticks.map((tick) => number(tick / 60)),
        });

  const drawFigure = (figure) => {
    const chart = charts[figure.dataset.connection];
    const isStacked = figure.dataset.kind === "throughput";
    const values = chart.paths.map((path) => (isStacked ? path.rate : path.rtt));
    const lines = isStacked ? stacked(values) : values;
    const plot = figure.querySelector(".plot");
    const outputs = [...figure.querySelectorAll(".legend output")];
    const when = figure.querySelector(".when");
    const unit = isStacked ? chart.unit : "ms";
    const width = plot.clientWidth;
    const from = chart.times[0];
    const to = chart.times.at(-1);
    const rows = isStacked ? rowsOfMarks(chart.marks, { width: width - 80, from, to }) : 0;
    // The top of the stack first, so that where a path is silent the line below it stays in sight.
    const order = chart.paths.map((_, index) => index).reverse();
    const showLegend = (u) => {
      const at = u.cursor.idx;
      when.textContent = at === null ? "" : `at ${chart.times[at].toFixed(2)} s`;
      outputs.forEach((output, path) => {
        const value = at === null ? null : values[path][at];
        output.textContent = at === null ? "" : value === null ? "–" : `${number(value)} ${unit}`;
      });
    };
    const options = {
      width,
      height: (isStacked ? 270 : 200) + rows * ROW_PX,
      padding: [8 + rows * ROW_PX, 14, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: `connection-${figure.dataset.connection}` },
        drag: { x: true, y: false },
        y: false,
        points: { size: 7 },
      },
      scales: {
        x: { time: false, range: (_u, min, max) => [min, max] },
        y: { range: (_u, _min, max) => [0, (max || 1) * 1.08] },
      },
      axes: [
        timeAxis(to - from),
        axis(unit, { size: 52, values: (_u, ticks) => ticks.map(number) }),
      ],
      series: [
        {},
        ...order.map((path) => ({
          stroke: () => pathColour(path),
          width: 1.75,
          points: { show: false },
          ...(isStacked && { fill: () => `${pathColour(path)}59` }),
        })),
      ],
      ...(isStacked && {
        bands: order.slice(1).map((_, index) => ({ series: [index + 1, index + 2] })),
      }),
      plugins: [marksPlugin(chart.marks, rows)],
      hooks: { setCursor: [showLegend] },
    };
    plot.replaceChildren();
    return new uPlot(options, [chart.times, ...order.map((path) => lines[path])], plot);
  };

  let drawn = [];
  const drawAll = () => {
    for (const plot of drawn) plot.destroy();
    drawn = figures.map(drawFigure);
  };
  let lastWidth = 0;
  new ResizeObserver(() => {
    const width = document.documentElement.clientWidth;
    if (width === lastWidth) return;
    lastWidth = width;
    drawAll();
  }).observe(document.documentElement);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
