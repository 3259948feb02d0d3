// @ts-check
/**
 * The confusion matrix on a canvas: fits any number of classes, zooms about the pointer, pans, and can be walked
 * with the arrow keys.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{ names: string[], cells: number[][], support: number[] }} data cells are [actual, predicted, count]
 * @param {{ hover: (cell: Cell | null, at: { x: number, y: number }) => void, choose: (cell: Cell) => void, focus: (cell: Cell) => void }} on
 * @typedef {{ actual: number, predicted: number, count: number, share: number }} Cell
 */
export function confusionMatrix(canvas, data, on) {
  const size = data.names.length;
  const counts = new Map(data.cells.map(([actual, predicted, count]) => [actual * size + predicted, count]));
  const most = Math.max(1, ...data.cells.filter(([a, p]) => a !== p).map(([, , count]) => count));
  const mostRight = Math.max(1, ...data.cells.filter(([a, p]) => a === p).map(([, , count]) => count));
  let order = data.names.map((_, index) => index);
  let shares = true;
  let zoom = 1;
  let offset = { x: 0, y: 0 };
  let focused = { row: 0, column: 0 };
  let chosen = /** @type {{ actual: number, predicted: number } | null} */ (null);
  let box = { left: 0, top: 0, side: 0, width: 0, height: 0, labelled: false };

  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

  /** @returns {Cell} */
  const cellAt = (/** @type {number} */ row, /** @type {number} */ column) => {
    const actual = order[row];
    const predicted = order[column];
    const count = counts.get(actual * size + predicted) ?? 0;
    return { actual, predicted, count, share: data.support[actual] > 0 ? count / data.support[actual] : 0 };
  };
  const cellSide = () => (box.side / size) * zoom;

  const clamp = () => {
    const slack = box.side * zoom - box.side;
    offset.x = Math.min(0, Math.max(-slack, offset.x));
    offset.y = Math.min(0, Math.max(-slack, offset.y));
  };

  const layout = () => {
    const width = canvas.clientWidth;
    const labelled = (width / size) * zoom >= 13;
    const longest = Math.max(
      34,
      Math.min(170, Math.max(...data.names.map((name) => name.length)) * 6.6 + 18),
    );
    const margin = labelled ? longest : 30;
    const side = Math.max(120, Math.min(width - margin - 6, 680));
    box = { left: margin, top: margin, side, width, height: side + margin + 6, labelled };
    const ratio = window.devicePixelRatio || 1;
    canvas.style.height = `${box.height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(box.height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    clamp();
  };

  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const right = color("--right-rgb");
    const wrong = color("--wrong-rgb");
    const side = cellSide();
    const gap = side > 9 ? 1 : 0;
    context.clearRect(0, 0, box.width, box.height);
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.side, box.side);
    context.clip();
    context.fillStyle = color("--empty");
    context.fillRect(box.left, box.top, box.side, box.side);
    const place = new Map(order.map((index, at) => [index, at]));
    context.font = `600 ${Math.min(15, side * 0.38)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [actual, predicted, count] of data.cells) {
      const x = box.left + offset.x + (place.get(predicted) ?? 0) * side;
      const y = box.top + offset.y + (place.get(actual) ?? 0) * side;
      if (x + side < box.left || y + side < box.top || x > box.left + box.side || y > box.top + box.side)
        continue;
      const hit = actual === predicted;
      const value = shares ? count / Math.max(1, data.support[actual]) : count / (hit ? mostRight : most);
      const strength = hit ? 0.1 + 0.9 * value : 0.28 + 0.72 * Math.sqrt(value);
      context.fillStyle = `rgb(${hit ? right : wrong} / ${strength})`;
      context.fillRect(x, y, Math.max(1.4, side - gap), Math.max(1.4, side - gap));
      if (side >= 24) {
        context.fillStyle = strength > 0.62 ? color("--panel") : color("--ink");
        context.fillText(
          shares && side >= 42
            ? `${Math.round((100 * count) / Math.max(1, data.support[actual]))} %`
            : String(count),
          x + side / 2,
          y + side / 2,
        );
      }
    }
    if (gap === 0 && zoom < 3) diagonal(color("--line"));
    if (chosen !== null)
      frame(place.get(chosen.actual) ?? 0, place.get(chosen.predicted) ?? 0, color("--ink"));
    if (document.activeElement === canvas) frame(focused.row, focused.column, color("--focus"));
    context.restore();
    labels(color("--ink"), color("--muted"));
  };

  const diagonal = (/** @type {string} */ color) => {
    context.strokeStyle = color;
    context.beginPath();
    context.moveTo(box.left + offset.x, box.top + offset.y);
    context.lineTo(box.left + offset.x + box.side * zoom, box.top + offset.y + box.side * zoom);
    context.stroke();
  };

  const frame = (/** @type {number} */ row, /** @type {number} */ column, /** @type {string} */ color) => {
    const side = Math.max(6, cellSide());
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.strokeRect(
      box.left + offset.x + column * cellSide() - 1,
      box.top + offset.y + row * cellSide() - 1,
      side + 1,
      side + 1,
    );
    context.lineWidth = 1;
  };

  const shorten = (/** @type {string} */ text, /** @type {number} */ room) => {
    if (context.measureText(text).width <= room) return text;
    let end = text.length;
    while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > room) end--;
    return `${text.slice(0, end)}…`;
  };

  const labels = (/** @type {string} */ ink, /** @type {string} */ muted) => {
    const side = cellSide();
    context.fillStyle = muted;
    context.font = "12px system-ui, sans-serif";
    if (!box.labelled) {
      context.textAlign = "center";
      context.fillText("predicted →", box.left + box.side / 2, 14);
      context.save();
      context.translate(14, box.top + box.side / 2);
      context.rotate(-Math.PI / 2);
      context.fillText("← actual", 0, 0);
      context.restore();
      return;
    }
    context.fillStyle = ink;
    context.font = `${Math.min(12.5, side * 0.8)}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    for (let at = 0; at < size; at++) {
      const middle = (at + 0.5) * side;
      const name = shorten(data.names[order[at]], box.left - 10);
      const y = box.top + offset.y + middle;
      if (y > box.top && y < box.top + box.side) {
        context.textAlign = "right";
        context.fillText(name, box.left - 6, y);
      }
      const x = box.left + offset.x + middle;
      if (x > box.left && x < box.left + box.side) {
        context.save();
        context.translate(x, box.top - 6);
        context.rotate(-Math.PI / 2);
        context.textAlign = "left";
        context.fillText(name, 0, 0);
        context.restore();
      }
    }
    context.fillStyle = muted;
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "left";
    context.fillText("actual ↓  predicted →", 2, box.top - 8 > 20 ? 10 : 8);
  };

  const hit = (/** @type {{ offsetX: number, offsetY: number }} */ event) => {
    const column = Math.floor((event.offsetX - box.left - offset.x) / cellSide());
    const row = Math.floor((event.offsetY - box.top - offset.y) / cellSide());
    const inside =
      event.offsetX >= box.left &&
      event.offsetY >= box.top &&
      row >= 0 &&
      column >= 0 &&
      row < size &&
      column < size;
    return inside && event.offsetX < box.left + box.side && event.offsetY < box.top + box.side
      ? { row, column }
      : null;
  };

  const zoomTo = (/** @type {number} */ next, /** @type {{ x: number, y: number }} */ about) => {
    const limit = Math.max(1, (44 * size) / box.side);
    const bounded = Math.min(limit, Math.max(1, next));
    offset = {
      x: about.x - ((about.x - offset.x) * bounded) / zoom,
      y: about.y - ((about.y - offset.y) * bounded) / zoom,
    };
    zoom = bounded;
    clamp();
    redraw();
  };

  const reveal = () => {
    const side = cellSide();
    offset.x = Math.min(-focused.column * side + box.side - side, Math.max(-focused.column * side, offset.x));
    offset.y = Math.min(-focused.row * side + box.side - side, Math.max(-focused.row * side, offset.y));
    clamp();
  };

  const choose = (/** @type {{ actual: number, predicted: number }} */ cell) => {
    chosen = cell;
    focused = { row: order.indexOf(cell.actual), column: order.indexOf(cell.predicted) };
    reveal();
    draw();
    on.choose(cellAt(focused.row, focused.column));
  };

  let dragged = /** @type {{ x: number, y: number, moved: boolean } | null} */ (null);
  canvas.addEventListener("pointerdown", (event) => {
    dragged = { x: event.offsetX, y: event.offsetY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (dragged !== null && event.buttons === 1 && zoom > 1) {
      const by = { x: event.offsetX - dragged.x, y: event.offsetY - dragged.y };
      if (dragged.moved || Math.hypot(by.x, by.y) > 4) {
        offset = { x: offset.x + by.x, y: offset.y + by.y };
        dragged = { x: event.offsetX, y: event.offsetY, moved: true };
        clamp();
        draw();
      }
    }
    const at = hit(event);
    on.hover(at === null ? null : cellAt(at.row, at.column), { x: event.offsetX, y: event.offsetY });
  });
  canvas.addEventListener("pointerup", (event) => {
    const at = hit(event);
    if (dragged !== null && !dragged.moved && at !== null) choose(cellAt(at.row, at.column));
    dragged = null;
  });
  canvas.addEventListener("pointerleave", () => on.hover(null, { x: 0, y: 0 }));
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== canvas) return;
      event.preventDefault();
      zoomTo(zoom * Math.exp(-event.deltaY / 300), {
        x: event.offsetX - box.left,
        y: event.offsetY - box.top,
      });
    },
    { passive: false },
  );
  const moves = /** @type {Record<string, [number, number]>} */ ({
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  });
  canvas.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (move !== undefined) {
      const step = event.shiftKey ? 10 : 1;
      const bound = (/** @type {number} */ at) => Math.min(size - 1, Math.max(0, at));
      focused = { row: bound(focused.row + move[0] * step), column: bound(focused.column + move[1] * step) };
      reveal();
      draw();
      on.focus(cellAt(focused.row, focused.column));
    } else if (event.key === "Enter" || event.key === " ") choose(cellAt(focused.row, focused.column));
    else if (event.key === "+" || event.key === "=") zoomBy(1.5);
    else if (event.key === "-") zoomBy(1 / 1.5);
    else if (event.key === "0") zoomTo(1, { x: 0, y: 0 });
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("focus", draw);
  canvas.addEventListener("blur", draw);

  const zoomBy = (/** @type {number} */ factor) =>
    zoomTo(zoom * factor, { x: box.side / 2, y: box.side / 2 });

  const redraw = () => {
    layout();
    draw();
  };
  new ResizeObserver(redraw).observe(/** @type {HTMLElement} */ (canvas.parentElement));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  redraw();

  return {
    redraw,
    choose,
    zoomBy,
    fit: () => zoomTo(1, { x: 0, y: 0 }),
    /** @param {"class" | "errors"} by */
    sort: (by) => {
      const wrong = data.names.map(
        (_, index) => data.support[index] - (counts.get(index * size + index) ?? 0),
      );
      const taken = data.names.map(() => 0);
      for (const [actual, predicted, count] of data.cells)
        if (actual !== predicted) taken[predicted] += count;
      order = data.names.map((_, index) => index);
      if (by === "errors") order.sort((a, b) => wrong[b] + taken[b] - wrong[a] - taken[a] || a - b);
      draw();
    },
    /** @param {boolean} asShares */
    scale: (asShares) => {
      shares = asShares;
      draw();
    },
  };
}
