'use strict';
// Starts a local hub and a whole device (QuickStart), each on a loopback address and the standard ports that the SDKs have fixed, and runs the suite against
// them. The SDKs trust the two hubs' authorities as any node program would: by NODE_EXTRA_CA_CERTS, which node reads once, before it starts.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { built, start, stop } = require('./harness/processes');

const hubAddress = process.env.MODULARDM_INTEROP_HUB || '127.0.0.21';
const deviceAddress = process.env.MODULARDM_INTEROP_DEVICE || '127.0.0.22';
const provisioningAddress = process.env.MODULARDM_INTEROP_DPS || '127.0.0.23';

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mdm-interop-'));
  const running = [];
  try {
    const hub = start(built('hub/ModularDM.Hub.Local', 'mdm-hub.dll'), [
      '--bind', hubAddress, '--hub-name', hubAddress, '--mqtt-port', '8883', '--https-port', '443', '--amqp-port', '5671',
      '--dps-bind', provisioningAddress, '--dps-port', '8883',
      '--data', path.join(folder, 'hub')]);
    running.push(hub);
    const device = start(built('samples/QuickStart', 'QuickStart.dll'), [
      '--bind', deviceAddress, '--mqtt-port', '8883', '--https-port', '443', '--data', path.join(folder, 'device')]);
    running.push(device);
    const [hubReady, deviceReady] = await Promise.all([hub.ready, device.ready]);
    const authorities = path.join(folder, 'authorities.pem');
    fs.writeFileSync(authorities, [hubReady.caFile, deviceReady.hub.caFile].map(file => fs.readFileSync(file, 'utf8')).join(''));
    const system = path.join(folder, 'system.json');
    fs.writeFileSync(system, JSON.stringify({ hub: hubReady, device: deviceReady, hubAddress, deviceAddress, provisioningAddress, folder }), { mode: 0o600 });
    const code = await test(system, authorities, process.argv.slice(2));
    if (code !== 0) {
      console.log(`--- the hub said ---\n${withoutKeys(hub.output())}\n--- the device said ---\n${withoutKeys(device.output())}`);
    }
    return code;
  } finally {
    await Promise.all(running.map(stop));
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function withoutKeys(text) {
  return text.replace(/SharedAccessKey=[^;"\s]*/g, 'SharedAccessKey=...').replace(/^READY .*$/gm, 'READY ...');
}

// Runs the files named, or all of them; passes their output on and sums it up in one line.
function test(system, authorities, names) {
  const files = (names.length > 0 ? names : fs.readdirSync(path.join(__dirname, 'suite')).filter(name => name.endsWith('.test.js')))
    .map(name => path.join(__dirname, 'suite', path.basename(name)));
  return new Promise(resolve => {
    const child = spawn(
      process.execPath,
      ['--test', '--test-concurrency=1', '--test-reporter=tap', ...files],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_EXTRA_CA_CERTS: authorities, MODULARDM_INTEROP_SYSTEM: system, NODE_NO_WARNINGS: '1' } });
    // However it ends, the programs that were started are stopped afterwards.
    const end = () => child.kill('SIGKILL');
    const limit = setTimeout(end, 8 * 60_000);
    process.once('SIGTERM', end).once('SIGINT', end);
    let text = '';
    child.stdout.on('data', data => {
      text += data;
      process.stdout.write(data);
    });
    child.on('exit', code => {
      clearTimeout(limit);
      const count = name => Number((new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text) || [0, 0])[1]);
      const skipped = count('skipped') + count('todo');
      console.log(`interop: ${count('pass')} passed, ${count('fail') + count('cancelled')} failed, ${skipped} skipped`);
      resolve(code === 0 && count('pass') > 0 && skipped === 0 ? 0 : 1);
    });
  });
}

main().then(code => process.exit(code), error => {
  console.error(error.message);
  process.exit(1);
});
