'use strict';
// Programs of this repository as processes of their own: started, waited for, and ended.
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..', '..', '..');
const configuration = process.env.MODULARDM_CONFIGURATION || 'Debug';

/** Where a project was built. */
function built(project, file) {
  const found = path.join(root, project, 'bin', configuration, 'net10.0', file);
  if (!existsSync(found)) {
    throw new Error(`${found} is missing: run "dotnet build ModularDM.sln" first.`);
  }
  return found;
}

/** Starts a .NET program and waits, for a minute at most, until it says that it is ready; gives its READY line's JSON. */
function start(program, args) {
  const child = spawn('dotnet', [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  const ready = new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`${path.basename(program)} was not ready within 60 s:\n${said.join('')}`)), 60_000);
    let text = '';
    child.stdout.on('data', data => {
      said.push(data);
      text += data;
      const line = /^READY (.*)\n/m.exec(text);
      if (line) {
        clearTimeout(limit);
        resolve(JSON.parse(line[1]));
      }
    });
    child.stderr.on('data', data => said.push(data));
    child.on('exit', code => {
      clearTimeout(limit);
      reject(new Error(`${path.basename(program)} ended with ${code}:\n${said.join('')}`));
    });
  });
  return { child, ready, output: () => said.join('') };
}

/** Asks a program to stop; kills it when it has not within ten seconds. */
function stop({ child }) {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve(child.exitCode);
      return;
    }
    const limit = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', code => {
      clearTimeout(limit);
      resolve(code);
    });
    child.kill('SIGTERM');
  });
}

module.exports = { built, start, stop };
