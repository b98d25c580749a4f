// Runs a .tflite file by TensorFlow Lite's own interpreter and kernels, compiled to WebAssembly (the npm package
// @tensorflow/tfjs-tflite, scripts/setup --with tflite): float32 inputs from a file, float32 outputs to another.
//   node tflite_run.js PACKAGE_FOLDER MODEL INPUTS OUTPUTS
'use strict';
const fs = require('fs');
const path = require('path');

// The package is for browsers; its loader looks for these.
globalThis.window = globalThis.self = globalThis;
globalThis.document = {currentScript: {src: 'file:///tflite_web_api_cc.js'}};

async function main() {
  const [folder, model, inputs, outputs] = process.argv.slice(2);
  if (!outputs) throw new Error('usage: node tflite_run.js PACKAGE_FOLDER MODEL INPUTS OUTPUTS');
  const wasm = path.resolve(folder, 'wasm', 'tflite_web_api_cc');
  const silent = () => {};
  const api = await require(wasm + '.js')(
      {wasmBinary: fs.readFileSync(wasm + '.wasm'), print: silent, printErr: console.error});
  const bytes = fs.readFileSync(model);
  const address = api._malloc(bytes.length);
  api.HEAPU8.set(bytes, address);
  // One thread and no delegate: TFLite's built-in kernels.
  const made = api.TFLiteWebModelRunner.CreateFromBufferAndOptions(address, bytes.length, {numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 0});
  if (!made.ok()) throw new Error('TensorFlow Lite does not take ' + model + ': ' + made.errorMessage());
  const runner = made.value();
  const first = vector => vector.get ? vector.get(0) : vector[0];
  const input = first(runner.GetInputs());
  const raw = fs.readFileSync(inputs);
  const all = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  const size = input.data().length;
  const results = [];
  for (let at = 0; at + size <= all.length; at += size) {
    input.data().set(all.subarray(at, at + size));
    if (runner.Infer() === false) throw new Error('inference failed');
    results.push(Buffer.from(Float32Array.from(first(runner.GetOutputs()).data()).buffer));
  }
  fs.writeFileSync(outputs, Buffer.concat(results));
}

main().then(() => process.exit(0), error => {
  console.error('tflite_run: ' + (error.stack || error));
  process.exit(1);
});
