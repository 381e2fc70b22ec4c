"use strict";

// --- The network ------------------------------------------------------------------------------------

const SIZE = 28;
const PIXELS = SIZE * SIZE;
const model = readModel(document.getElementById("model").textContent);

/** Everything that the page knows; class names and all else are data in it, never markup. */
function readModel(text) {
  const found = JSON.parse(text);
  for (const layer of found.layers) {
    layer.weights = floats(layer.weights);
    layer.bias = floats(layer.bias);
  }
  for (const group of found.samples) {
    for (const sample of group.images) sample.pixels = bytes(sample.pixels);
  }
  return found;
}

function bytes(base64) {
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let i = 0; i < found.length; i++) found[i] = text.charCodeAt(i);
  return found;
}

/** Little-endian float32, whatever the machine. */
function floats(base64) {
  const view = new DataView(bytes(base64).buffer);
  const found = new Float32Array(view.byteLength / 4);
  for (let i = 0; i < found.length; i++) found[i] = view.getFloat32(4 * i, true);
  return found;
}

const ACTIVATIONS = {
  none: { value: (z) => z },
  relu: { value: (z) => Math.max(z, 0), slope: (z) => (z > 0 ? 1 : 0) },
  tanh: { value: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  sigmoid: { value: sigmoid, slope: (z) => sigmoid(z) * (1 - sigmoid(z)) },
};

function sigmoid(z) {
  return 1 / (1 + Math.exp(-z));
}

/** What enters and what leaves each layer: inputs, totals. The totals of the last are the logits. */
function forward(pixels) {
  const activation = ACTIVATIONS[model.activation];
  let inputs = Float64Array.from(pixels, (pixel) => pixel / 255);
  return model.layers.map(({ weights, bias }, number) => {
    if (number) inputs = inputs.map(activation.value);
    const totals = Float64Array.from(bias);
    for (let i = 0, place = 0; i < inputs.length; i++, place += totals.length) {
      if (inputs[i] === 0) continue;
      for (let k = 0; k < totals.length; k++) totals[k] += inputs[i] * weights[place + k];
    }
    const pass = { inputs, totals };
    inputs = totals;
    return pass;
  });
}

/** The terms of one logit: products of pixels and slopes, the biases, and what the curves add to their tangents. */
function explain(passes, digit) {
  const activation = ACTIVATIONS[model.activation];
  let slopes = new Float64Array(passes.at(-1).totals.length);
  slopes[digit] = 1;
  let biasSum = 0;
  let bend = 0;
  for (let number = passes.length - 1; number >= 0; number--) {
    const { weights, bias } = model.layers[number];
    const { inputs, totals } = passes[number];
    if (number < passes.length - 1) {
      const behind = slopes;
      slopes = slopes.map((slope, k) => slope * activation.slope(totals[k]));
      for (let k = 0; k < totals.length; k++) bend += behind[k] * activation.value(totals[k]) - slopes[k] * totals[k];
    }
    for (let k = 0; k < totals.length; k++) biasSum += slopes[k] * bias[k];
    const outer = slopes;
    slopes = Float64Array.from(inputs, (_, i) => {
      let slope = 0;
      for (let k = 0; k < outer.length; k++) slope += outer[k] * weights[i * outer.length + k];
      return slope;
    });
  }
  const products = slopes.map((slope, i) => slope * passes[0].inputs[i]);
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  return {
    weights: slopes,
    products,
    for: sum(products.filter((product) => product > 0)),
    against: sum(products.filter((product) => product < 0)),
    bias: biasSum,
    bend,
  };
}

/** How probable each class is. A network trained on squared error has no softmax: its predictions are shares. */
function probabilities(logits) {
  let parts = logits.map(ACTIVATIONS[model.output].value).map((part) => Math.min(Math.max(part, 0), 1));
  if (model.loss === "cross-entropy") {
    const most = Math.max(...logits);
    parts = logits.map((logit) => Math.exp(logit - most));
  } else if (parts.every((part) => part === 0)) {
    parts = logits.map(() => 1);
  }
  const total = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => part / total);
}

/** The classes, the largest logit first; where two are equal, the lower number first. */
function ranked(logits) {
  return Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
}

// --- From a drawing to 28×28, as `mnistgd predict` does it with clean ink ----------------------------

const BOX = 20;
const THINNEST = 2.1;

/** To the nearest whole number, a half to the even one, as Python rounds. */
function rounded(number) {
  const low = Math.floor(number);
  const rest = number - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/** The 28×28 pixels that a network sees of strokes; null where there are none. */
function normalised(strokes) {
  let digit = cropped(strokes);
  if (digit === null) return null;
  const pixel = Math.max(digit.width, digit.height) / BOX;
  const missing = rounded((THINNEST * pixel - strokeWidth(digit)) / 2);
  if (missing > 0) digit = cropped(thickened(digit, missing));
  const scale = BOX / Math.max(digit.width, digit.height);
  const across = windows(digit.width, Math.max(1, rounded(digit.width * scale)));
  const down = windows(digit.height, Math.max(1, rounded(digit.height * scale)));
  return centred(boxed(digit, across, down));
}

/** The part of a picture of 0 and 1 that has ink. */
function cropped({ width, height, pixels }) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0, place = 0; y < height; y++) {
    for (let x = 0; x < width; x++, place++) {
      if (!pixels[place]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : cut({ width, height, pixels }, left, top, right - left + 1, bottom - top + 1);
}

/** A region of a picture; what lies outside of it is empty. */
function cut(picture, left, top, width, height) {
  const pixels = new Uint8Array(width * height);
  for (let y = Math.max(0, -top); y < Math.min(height, picture.height - top); y++) {
    const row = (y + top) * picture.width;
    const start = Math.max(0, left);
    pixels.set(picture.pixels.subarray(row + start, row + Math.min(picture.width, left + width)), y * width + start - left);
  }
  return { width, height, pixels };
}

/** Mean width of the strokes: 2 · area / perimeter, of which a slanting one counts 4/π too many sides. */
function strokeWidth({ width, height, pixels }) {
  let area = 0;
  let sides = 0;
  for (let y = 0, place = 0; y < height; y++) {
    for (let x = 0; x < width; x++, place++) {
      if (!pixels[place]) continue;
      area++;
      sides += !(x && pixels[place - 1]) + !(x < width - 1 && pixels[place + 1]);
      sides += !(y && pixels[place - width]) + !(y < height - 1 && pixels[place + width]);
    }
  }
  return (2 * area) / ((sides * Math.PI) / 4);
}

/** Diamonds and squares in turn, `by` of them: all squares at once and then all diamonds is the same. */
function thickened(digit, by) {
  const grown = cut(digit, -by, -by, digit.width + 2 * by, digit.height + 2 * by);
  spread(grown, Math.floor(by / 2), 1);
  spread(grown, Math.ceil(by / 2), 2);
  return grown;
}

/**
 * Ink wherever ink is within `reach` steps. A step past a corner counts as `corner`: 1 makes squares, 2
 * diamonds. One pass from the upper left and one back find the distances (Rosenfeld and Pfaltz, 1966);
 * around the ink there are `reach` pixels at least, so that no row reaches into the next.
 */
function spread({ width, height, pixels }, reach, corner) {
  const far = 60000;
  const steps = new Uint16Array(pixels.length + 2 * width + 2).fill(far);
  const first = width + 1;
  const last = first + pixels.length - 1;
  for (let i = first; i <= last; i++) {
    steps[i] = pixels[i - first] ? 0
      : Math.min(far, 1 + Math.min(steps[i - 1], steps[i - width]), corner + Math.min(steps[i - width - 1], steps[i - width + 1]));
  }
  for (let i = last; i >= first; i--) {
    const least = Math.min(steps[i], 1 + Math.min(steps[i + 1], steps[i + width]), corner + Math.min(steps[i + width - 1], steps[i + width + 1]));
    steps[i] = least;
    pixels[i - first] = least <= reach ? 1 : 0;
  }
}

/** Of each pixel of a side that shrinks, or grows, from `size` to `count`: the first that it covers, and how many. */
function windows(size, count) {
  const scale = size / count;
  const wide = Math.max(1, scale);
  return Array.from({ length: count }, (_, i) => {
    const centre = (i + 0.5) * scale;
    let first = Math.max(0, Math.trunc(centre - wide / 2 + 0.5));
    let end = Math.min(size, Math.trunc(centre + wide / 2 + 0.5));
    while ((first - centre + 0.5) * (1 / wide) <= -0.5) first++;
    while ((end - 1 - centre + 0.5) * (1 / wide) > 0.5) end--;
    return { first, count: end - first, share: Math.floor(2 ** 22 / (end - first) + 0.5) };
  });
}

/**
 * Pillow's box filter: the mean of each window, along rows and then along columns, both times to a whole number.
 * Where Pillow takes the columns first, a pixel may differ by one.
 */
function boxed({ width, height, pixels }, across, down) {
  const mean = (sum, share) => Math.floor((sum * share + 2 ** 21) / 2 ** 22);
  const rows = new Uint8Array(across.length * height);
  for (let y = 0; y < height; y++) {
    across.forEach(({ first, count, share }, x) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += pixels[y * width + first + i];
      rows[y * across.length + x] = mean(255 * sum, share);
    });
  }
  const small = new Uint8Array(across.length * down.length);
  down.forEach(({ first, count, share }, y) => {
    for (let x = 0; x < across.length; x++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += rows[(first + i) * across.length + x];
      small[y * across.length + x] = mean(sum, share);
    }
  });
  return { width: across.length, height: down.length, pixels: small };
}

/** Set into 28×28, the centre of mass as near pixel (14, 14) as whole pixels allow. */
function centred(ink) {
  let [mass, sumX, sumY] = [0, 0, 0];
  ink.pixels.forEach((value, place) => {
    mass += value;
    sumX += value * (place % ink.width);
    sumY += value * Math.floor(place / ink.width);
  });
  const place = (sum, side) => Math.min(Math.max(rounded(SIZE / 2 - sum / Math.max(1, mass)), 0), SIZE - side);
  return cut(ink, -place(sumX, ink.width), -place(sumY, ink.height), SIZE, SIZE).pixels;
}

/** Straightened by its second moments and centred by its first, as `mnistgd train --deskew` does it. */
function deskewed(image) {
  const middle = (SIZE - 1) / 2;
  let [mass, sumX, sumY, sumXY, sumYY] = [0, 0, 0, 0, 0];
  image.forEach((value, place) => {
    const [x, y] = [place % SIZE, Math.floor(place / SIZE)];
    mass += value;
    sumX += value * x;
    sumY += value * y;
    sumXY += value * x * y;
    sumYY += value * y * y;
  });
  if (mass === 0) return image;
  const extent = mass * sumYY - sumY ** 2;
  const slope = extent > 0 ? (mass * sumXY - sumX * sumY) / extent : 0;
  const moved = slid(image, SIZE, 1, () => sumY / mass - middle);
  const straight = slid(moved, 1, SIZE, (y) => sumX / mass - middle + slope * (y - middle));
  return Uint8Array.from(straight, rounded);
}

/** Each line slid by its own amount, linear in between, in float32: a line takes `step` from pixel to pixel. */
function slid(image, step, apart, shift) {
  const moved = new Float32Array(PIXELS);
  for (let line = 0; line < SIZE; line++) {
    const whole = Math.floor(shift(line));
    const part = Math.fround(shift(line) - whole);
    const at = (i) => (i >= 0 && i < SIZE ? image[line * apart + i * step] : 0);
    for (let i = 0; i < SIZE; i++) {
      const left = at(i + whole);
      moved[line * apart + i * step] = left + Math.fround(part * Math.fround(at(i + whole + 1) - left));
    }
  }
  return moved;
}

// --- What is drawn -----------------------------------------------------------------------------------

const find = (id) => document.getElementById(id);
const paper = find("paper");
const SIDE = paper.width;
const pen = paper.getContext("2d", { willReadFrequently: true });

let strokes = []; // each {width, points}
let sample = null; // what is shown instead of strokes
let isKept = false; // whether the strokes are the last that were kept
let wanted = null; // the class whose sum is asked for; null is the answer
let drawing = null; // the pointer that draws
const kept = []; // each {pixels, label}
let saved = 0;

function drawAll() {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, SIDE, SIDE);
  for (const { width, points } of strokes) {
    points.forEach((point, i) => drawLine(width, points[Math.max(0, i - 1)], point));
  }
  if (sample) {
    pen.imageSmoothingEnabled = false;
    pen.drawImage(inkPicture(sample.pixels), 0, 0, SIDE, SIDE);
  }
}

function drawLine(width, from, to) {
  pen.lineWidth = width;
  pen.lineCap = "round";
  pen.strokeStyle = pen.fillStyle = "#000";
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.stroke();
}

/** What is nearer to ink than to paper. */
function strokesOnPaper() {
  const rgba = pen.getImageData(0, 0, SIDE, SIDE).data;
  const pixels = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < pixels.length; i++) pixels[i] = rgba[4 * i] < 128 ? 1 : 0; // grey: red says it all
  return { width: SIDE, height: SIDE, pixels };
}

function beginStroke(point) {
  if (sample || isKept) strokes = [];
  if (!strokes.length) wanted = null;
  sample = null;
  isKept = false;
  strokes.push({ width: Number(find("pen").value), points: [point] });
  if (strokes.length === 1) drawAll();
  drawLine(strokes.at(-1).width, point, point);
  show();
}

function goOn(points) {
  const stroke = strokes.at(-1);
  for (const point of points) {
    drawLine(stroke.width, stroke.points.at(-1), point);
    stroke.points.push(point);
  }
  show();
}

function undo() {
  if (isKept) {
    kept.pop();
    isKept = false;
    sayKept("Taken back.");
  } else if (sample) {
    sample = null;
  } else {
    strokes.pop();
  }
  redraw();
}

function clear() {
  strokes = [];
  sample = wanted = null;
  isKept = false;
  redraw();
}

function redraw() {
  liftPen();
  drawing = null;
  drawAll();
  show();
  speak();
}

function placeOf(event) {
  const box = paper.getBoundingClientRect();
  return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
}

paper.addEventListener("pointerdown", (event) => {
  if (drawing !== null || event.button !== 0) return;
  find("cursor").hidden = true;
  liftPen();
  drawing = event.pointerId;
  paper.setPointerCapture(drawing);
  beginStroke(placeOf(event));
});
paper.addEventListener("pointermove", (event) => {
  if (event.pointerId !== drawing) return;
  const events = event.getCoalescedEvents?.() ?? [];
  goOn((events.length ? events : [event]).map(placeOf));
});
for (const end of ["pointerup", "pointercancel"]) {
  paper.addEventListener(end, (event) => {
    if (event.pointerId !== drawing) return;
    drawing = null;
    speak();
  });
}

// By keyboard: a cursor that draws while its pen is down.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let cursor = [SIDE / 2, SIDE / 4];
let penIsDown = false;

function liftPen() {
  penIsDown = false;
  find("cursor").classList.remove("down");
}

function placeCursor() {
  find("cursor").hidden = false;
  find("cursor").classList.toggle("down", penIsDown);
  find("cursor").style.left = `${(100 * cursor[0]) / SIDE}%`;
  find("cursor").style.top = `${(100 * cursor[1]) / SIDE}%`;
}

paper.addEventListener("keydown", (event) => {
  const arrow = ARROWS[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (arrow) {
    const step = event.shiftKey ? 4 : 16;
    cursor = cursor.map((at, axis) => Math.min(Math.max(at + step * arrow[axis], 0), SIDE));
    if (penIsDown) goOn([cursor]);
    placeCursor();
  } else if (event.key === " ") {
    penIsDown = !penIsDown;
    if (penIsDown) {
      beginStroke(cursor);
      find("spoken").textContent = "pen down";
    } else {
      speak("pen up. ");
    }
    placeCursor();
  } else if (event.key === "Backspace") {
    undo();
  } else if (event.key === "Delete") {
    clear();
  } else {
    return;
  }
  event.preventDefault();
});
paper.addEventListener("focus", () => { if (paper.matches(":focus-visible")) placeCursor(); });
paper.addEventListener("blur", () => { liftPen(); find("cursor").hidden = true; });
document.addEventListener("keydown", (event) => {
  if (event.key !== "z" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  undo();
});

// --- What is shown -----------------------------------------------------------------------------------

const names = model.classNames;
const rows = []; // of each class {label, input, bar, place, share}
let plain = null; // 28×28 as it would be kept: before it is straightened
let answer = null; // {passes, shares, order}; null while there is nothing to see

function show() {
  const blank = !strokes.length && !sample;
  plain = blank ? null : sample ? sample.pixels : normalised(strokesOnPaper());
  const seen = plain && model.deskew && !sample ? deskewed(plain) : plain;
  find("invitation").textContent = seen ? "" : "draw here, large";
  find("undo").disabled = find("clear").disabled = blank;
  find("picture").disabled = plain === null;
  drawInk(find("seen"), seen);
  answer = null;
  if (seen) {
    const passes = forward(seen);
    const logits = passes.at(-1).totals;
    answer = { seen, passes, logits, shares: probabilities(logits), order: ranked(logits) };
  }
  showAnswer();
  showWhy();
  showNames();
}

function showAnswer() {
  const [first, second] = answer?.order ?? [];
  find("first").replaceChildren(...(answer ? ["It is ", name(first)] : ["Nothing yet"]));
  find("second").replaceChildren(...(answer ? [`${percent(first)}; runner-up `, name(second), `, ${percent(second)}`] : ["The answer comes while you draw."]));
  rows.forEach((row, digit) => {
    row.label.classList.toggle("leads", digit === first);
    row.place.textContent = digit === first ? "1st" : digit === second ? "2nd" : "";
    row.bar.style.transform = `scaleX(${answer ? answer.shares[digit] : 0})`;
    row.share.textContent = answer ? percent(digit) : "–";
    row.share.value = answer ? answer.logits[digit] : "";
    row.input.checked = digit === shownClass();
  });
}

function shownClass() {
  return wanted ?? answer?.order[0] ?? 0;
}

function percent(digit) {
  return `${(100 * answer.shares[digit]).toFixed(1)}%`;
}

/** The name of a class as a node of its own, so that no letter in it turns the text around it. */
function name(digit) {
  const node = document.createElement("bdi");
  node.textContent = names[digit];
  return node;
}

/** The answer for those who hear the page, once a stroke is done. */
function speak(before = "") {
  const [first, second] = answer?.order ?? [];
  const said = answer
    ? [before, "It is ", name(first), `, ${percent(first)}; runner-up `, name(second), `, ${percent(second)}`]
    : [before, "The sheet is empty"];
  find("spoken").replaceChildren(...said);
  // Of many classes the answer is brought into view.
  const list = find("classes");
  if (answer) list.scrollTop = rows[first].label.offsetTop - list.offsetTop - list.clientHeight / 2;
}

function showWhy() {
  const digit = shownClass();
  const sum = explain(answer?.passes ?? forward(new Uint8Array(PIXELS)), digit);
  find("why-title").replaceChildren(...(answer && digit !== answer.order[0] ? ["Why not ", name(digit), "?"] : ["Why ", name(digit), "?"]));
  const weightLimit = limitOf(sum.weights);
  const limit = limitOf(sum.products);
  drawInk(find("image"), answer?.seen ?? null);
  drawColours(find("weights"), sum.weights, weightLimit);
  drawColours(find("evidence"), sum.products, limit);
  setLegend("weights-legend", weightLimit, model.meanings.weights);
  setLegend("evidence-legend", limit, model.meanings.evidence);
  find("sum-of").replaceChildren("The logit of ", name(digit));
  const terms = ["for", "against", "bias", "bend"].map((term) => {
    const shown = Number(sum[term].toFixed(2)) + 0;
    find(term).textContent = signed(shown.toFixed(2));
    return shown;
  });
  // People add up what they see.
  find("logit").textContent = signed(terms.reduce((total, term) => total + term, 0).toFixed(2));
}

function signed(text) {
  const number = Number(text);
  return number === 0 ? text.replace("-", "") : number > 0 ? `+${text}` : text.replace("-", "−");
}

/** Ink is dark on the screen, as on paper. */
function drawInk(canvas, pixels) {
  paint(canvas, (i) => { const value = pixels ? 255 - pixels[i] : 255; return [value, value, value]; });
}

function inkPicture(pixels) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  drawInk(canvas, pixels);
  return canvas;
}

function drawColours(canvas, values, limit) {
  paint(canvas, (i) => colourOf(limit ? values[i] / limit : 0));
}

function paint(canvas, colour) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    image.data.set(colour(i), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// --- Colours, as in every figure ---------------------------------------------------------------------

function limitOf(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** The colour of a number from −1 to 1: straight lines between the palette's anchors. */
function colourOf(value) {
  const { anchors } = model.palettes[find("palette").value];
  const place = ((Math.min(Math.max(value, -1), 1) + 1) / 2) * (anchors.length - 1);
  const low = Math.min(Math.floor(place), anchors.length - 2);
  return anchors[low].map((from, channel) => from + (anchors[low + 1][channel] - from) * (place - low));
}

/** What changes with every stroke of a legend is its two numbers. */
function setLegend(id, limit, meaning) {
  const { words } = model.palettes[find("palette").value];
  const legend = find(id);
  if (!legend.children.length) {
    const bar = document.createElement("canvas");
    bar.width = 256;
    bar.height = 1;
    bar.setAttribute("aria-hidden", "true");
    const ends = document.createElement("div");
    ends.className = "ends";
    ends.append(...["low", "zero", "high"].map(() => document.createElement("span")));
    const list = document.createElement("ul");
    list.append(...words.map(() => document.createElement("li")));
    legend.append(bar, ends, list);
  }
  const [bar, ends, list] = legend.children;
  const number = limit === 0 ? "0" : limit.toPrecision(3);
  [limit ? `−${number}` : "0", "0", limit ? `+${number}` : "0"].forEach((text, i) => { ends.children[i].textContent = text; });
  if (legend.dataset.palette === find("palette").value) return;
  legend.dataset.palette = find("palette").value;
  paint(bar, (i) => colourOf((2 * i) / 255 - 1));
  words.forEach((word, i) => { list.children[i].textContent = `${word}: ${meaning[i]}`; });
}

// --- What is kept ------------------------------------------------------------------------------------

function showNames() {
  Array.from(find("names").children).forEach((button, digit) => {
    button.disabled = plain === null || sample !== null;
    button.setAttribute("aria-pressed", String(isKept && kept.at(-1).label === digit));
  });
  find("save").disabled = !kept.length;
  find("next").hidden = saved === 0;
}

/** The next stroke after this begins a new drawing; another name for this one takes the place of the first. */
function keep(digit) {
  if (!isKept) kept.push({ pixels: plain });
  isKept = true;
  kept.at(-1).label = digit;
  saved = Math.min(saved, kept.length - 1);
  const right = answer.order[0] === digit;
  sayKept("Kept as ", name(digit), right ? ": the network agrees." : ", which the network takes for ", ...(right ? [] : [name(answer.order[0]), "."]));
  showNames();
}

function sayKept(...words) {
  find("kept").replaceChildren(...words, kept.length === 1 ? " One drawing is kept." : ` ${kept.length} drawings are kept.`);
}

function save() {
  download("drawings.zip", new Blob([zip(dataSet())], { type: "application/zip" }));
  saved = kept.length;
  showNames();
}

/** The kept drawings as a pair of IDX files, and which characters the labels stand for. */
function dataSet() {
  const header = (kind, ...sizes) => [0, 0, 8, kind, ...sizes.flatMap((size) => number(size, 4).reverse())];
  const images = Uint8Array.from([...header(3, kept.length, SIZE, SIZE), ...kept.flatMap(({ pixels }) => Array.from(pixels))]);
  const labels = Uint8Array.from([...header(1, kept.length), ...kept.map(({ label }) => label)]);
  const mapping = names.map((each, label) => [label, ...Array.from(each, (letter) => letter.codePointAt(0))].join(" "));
  return {
    "drawings-train-images-idx3-ubyte": images,
    "drawings-train-labels-idx1-ubyte": labels,
    "drawings-mapping.txt": new TextEncoder().encode(`${mapping.join("\n")}\n`),
  };
}

/** The bytes of a whole number, the lowest first. */
function number(value, count) {
  return Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

/** A ZIP of files that are stored as they are (PKWARE, APPNOTE 6.3.10, sections 4.3.7 to 4.3.16). */
function zip(files) {
  const [parts, entries] = [[], []];
  let offset = 0;
  for (const [title, content] of Object.entries(files)) {
    const called = Array.from(new TextEncoder().encode(title));
    const [size, none] = [number(content.length, 4), number(0, 2)];
    const day = [...none, ...number(33, 2)]; // the first of 1980
    const fields = [...number(20, 2), ...none, ...none, ...day, ...number(crc32(content), 4), ...size, ...size, ...number(called.length, 2), ...none];
    const head = Uint8Array.from([80, 75, 3, 4, ...fields, ...called]);
    entries.push(80, 75, 1, 2, ...number(20, 2), ...fields, ...none, ...none, ...none, ...number(0, 4), ...number(offset, 4), ...called);
    parts.push(head, content);
    offset += head.length + content.length;
  }
  const count = number(Object.keys(files).length, 2);
  const end = [80, 75, 5, 6, ...number(0, 4), ...count, ...count, ...number(entries.length, 4), ...number(offset, 4), 0, 0];
  const whole = new Uint8Array(offset + entries.length + end.length);
  let place = 0;
  for (const part of [...parts, entries, end]) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

function crc32(content) {
  let crc = -1;
  for (const value of content) {
    crc ^= value;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function download(title, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = title;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// --- The page, once -----------------------------------------------------------------------------------

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

function makeClasses() {
  names.forEach((_, digit) => {
    const input = element("input", "");
    input.type = "radio";
    input.name = "class";
    input.addEventListener("change", () => { wanted = digit; showWhy(); });
    const bar = element("span", "bar");
    const title = element("span", "name", name(digit));
    title.title = names[digit];
    const [place, share] = [element("span", "place"), element("data", "share")];
    const label = element("label", "class", input, title, element("span", "track", bar), place, share);
    rows.push({ label, input, bar, place, share });
    find("classes").append(label);

    const button = element("button", "", name(digit));
    button.type = "button";
    button.addEventListener("click", () => keep(digit));
    find("names").append(button);
  });
  find("classes").classList.toggle("many", names.length > 12);
  find("names").classList.toggle("many", names.length > 12);
  document.body.classList.toggle("long", names.some((each) => each.length > 2));
}

function makeSamples() {
  for (const { title, images } of model.samples) {
    const thumbs = element("div", "thumbs");
    thumbs.setAttribute("role", "group");
    thumbs.setAttribute("aria-label", title);
    for (const image of images) {
      const button = element("button", "", inkPicture(image.pixels));
      button.type = "button";
      button.setAttribute("aria-label", `${image.title}: ${names[image.label]}`);
      button.addEventListener("click", () => { lookAt(image); });
      thumbs.append(button);
    }
    find("samples").append(element("h3", "", title), thumbs);
  }
  if (!model.samples.length) find("truth").textContent = "No images of a data set came with this page.";
}

function lookAt(image) {
  clear();
  sample = image;
  redraw();
  const first = answer.order[0];
  const verdict = first === image.label ? "; the network is right" : "; the network is wrong";
  find("truth").replaceChildren(`${image.title} is `, name(image.label), `${verdict}.`);
}

function makePalettes() {
  for (const [title, { words }] of Object.entries(model.palettes)) {
    const option = element("option", "", `${words[2]} for, ${words[0]} against`);
    option.value = title;
    find("palette").append(option);
  }
  find("palette").addEventListener("change", showWhy);
}

find("about").textContent = model.about;
find("note").textContent = model.note;
find("sha256").textContent = model.sha256;
find("bend-row").hidden = !model.bends;
find("undo").addEventListener("click", undo);
find("clear").addEventListener("click", clear);
find("save").addEventListener("click", save);
find("picture").addEventListener("click", () => paper.toBlob((blob) => download("drawing.png", blob), "image/png"));
window.addEventListener("beforeunload", (event) => { if (saved < kept.length) event.preventDefault(); });
makePalettes();
makeClasses();
makeSamples();
drawAll();
show();
