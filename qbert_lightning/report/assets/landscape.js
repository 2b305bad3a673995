// The loss on planes through the weights: along the two most curved directions of a layer.

function drawLandscapes() {
  const { spectra } = page.data.curvature;
  const file = spectra[picks["density-file"] ?? 0];
  const known = file ? [...file.layers.keys()].filter((i) => file.layers[i].landscape) : [];
  byId("landscape-section").hidden = !known.length;
  if (!known.length) return;
  const ranked = known.toSorted((a, b) => file.layers[a].curvature - file.layers[b].curvature);
  const several = ranked.length > 1;
  byId("sharp-side").hidden = !several;
  byId("same-height-field").hidden = !several;
  byId("same-height").onchange = drawLandscapes;
  const label = (i) => `${file.blocks[i]}, largest eigenvalue ${significant(file.layers[i].landscape.eigenvalues[0])}`;
  const shown = [["flat", 0], ["sharp", ranked.length - 1]].slice(0, several ? 2 : 1)
    .map(([side, first]) => [side, picked(`${side}-layer`, ranked, label, drawLandscapes, first)]);
  const words = several ? "first the layer least curved, then the one most curved, of those looked at" : "of the one layer looked at";
  fill(byId("landscape-lead"), `The loss when the weights of one layer move along its two eigenvectors of largest curvature, ${words}. Distances are L2 norms of the change; the point in the middle is the trained model. Drag to turn.`);
  const same = several && byId("same-height").checked;
  const both = same ? heights(shown.flatMap(([, i]) => file.layers[i].landscape.loss)) : null;
  for (const [side, i] of shown) drawLandscape(byId(`${side}-figure`), file.blocks[i], file.layers[i].landscape, both);
}

function heights(rows) {
  const values = rows.flat().filter(Number.isFinite);
  return values.length ? padded([Math.min(...values), Math.max(...values)], 0.04) : [0, 1];
}

const hasDepth = Boolean(document.createElement("canvas").getContext("webgl"));

function drawLandscape(figure, block, { axis: distances, loss, eigenvalues }, common) {
  const range = common ?? heights(loss);
  const colors = Array.from({ length: 7 }, (_, i) => [i / 6, styleValue(`--scale-${i}`)]);
  const z = loss.map((row) => row.map((value) => (Number.isFinite(value) ? value : null)));
  const missing = loss.flat().filter((value) => !Number.isFinite(value)).length;
  const note = `${block}: eigenvalues ${listed(eigenvalues.map(significant))}.${missing ? ` Not drawn: ${plural(missing, "point")} where the loss is not finite.` : ""}`;
  const grid = { x: distances, y: distances, z, showscale: false, colorscale: colors };
  if (!hasDepth) {
    drawMap(figure, block, { ...grid, zmin: range[0], zmax: range[1] }, note);
    return;
  }
  const surface = {
    type: "surface", ...grid, cmin: range[0], cmax: range[1],
    contours: { z: { show: true, color: styleValue("--paper"), width: 1, start: range[0], end: range[1], size: (range[1] - range[0]) / 12 } },
    lighting: { ambient: 0.85, diffuse: 0.4, specular: 0.05, roughness: 0.9 },
    hovertemplate: "first %{y:.3~g}, second %{x:.3~g}<br>loss %{z:.4~g}<extra></extra>",
  };
  const side = (title, more = {}) => ({
    title: { text: plain(title), font: { size: 12 } }, color: styleValue("--muted"), gridcolor: styleValue("--rule"),
    zeroline: false, showspikes: false, nticks: 5, backgroundcolor: "rgba(0,0,0,0)", ...more,
  });
  draw(figure, `Loss landscape of ${block}`, [surface], {
    height: Math.min(420, Math.max(300, figure.clientWidth)), margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)",
    font: { family: styleValue("--sans"), size: 11, color: styleValue("--muted") },
    hoverlabel: { bgcolor: styleValue("--raised"), bordercolor: styleValue("--rule"), font: { color: styleValue("--ink") } },
    scene: {
      xaxis: side("second eigenvector"), yaxis: side("first eigenvector"), zaxis: side("loss", { range }),
      camera: { eye: { x: 1.45, y: 1.35, z: 0.85 }, center: { x: 0, y: 0, z: -0.12 } }, aspectmode: "cube", uirevision: "kept", dragmode: "turntable",
    },
  }, { note });
}

// Where the browser cannot draw in three dimensions: lines of equal loss.
function drawMap(figure, block, values, note) {
  const map = { type: "contour", ...values, contours: { showlabels: true, labelfont: { size: 10.5, color: styleValue("--ink") } }, line: { width: 1 }, hoverinfo: "none" };
  draw(figure, `Loss landscape of ${block}`, [map], layout(axis("along the second eigenvector"), axis(""), { height: 380, title: "along the first eigenvector" }), { note });
}
