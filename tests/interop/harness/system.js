'use strict';
// What run.js started, and how to reach it as the SDKs do.
const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const https = require('node:https');
const crypto = require('node:crypto');

if (!process.env.MODULARDM_INTEROP_SYSTEM) {
  throw new Error('Run this suite with "npm test": it starts the hub and the device.');
}

const system = JSON.parse(fs.readFileSync(process.env.MODULARDM_INTEROP_SYSTEM, 'utf8'));
const part = (text, key) => new RegExp(`(?:^|;)${key}=([^;]*)`).exec(text)[1];

/** The connection string of a policy's service, on the address that the SDK's fixed ports are bound to. */
const serviceConnectionString = `HostName=${system.hubAddress};SharedAccessKeyName=iothubowner;SharedAccessKey=${part(system.hub.serviceConnectionString, 'SharedAccessKey')}`;
const deviceServiceConnectionString =
  `HostName=${system.deviceAddress};SharedAccessKeyName=iothubowner;SharedAccessKey=${part(system.device.serviceConnectionString, 'SharedAccessKey')}`;

function deviceConnectionString(deviceId, key, moduleId) {
  return `HostName=${system.hubAddress};DeviceId=${deviceId}${moduleId ? `;ModuleId=${moduleId}` : ''};SharedAccessKey=${key}`;
}

let last = 0;
/** A device id that no other test has. */
function newId(purpose) {
  return `${purpose}-${process.pid}-${++last}`;
}

/** The registry's answer for a new device. */
async function createDevice(registry, description) {
  const created = await registry.create(description);
  return created.responseBody;
}

/** A token for a resource, as the documentation says it is made. */
function sasToken(resource, key, secondsFromNow, policy) {
  const expiry = Math.floor(Date.now() / 1000) + secondsFromNow;
  const encoded = encodeURIComponent(resource);
  const signature = crypto.createHmac('sha256', Buffer.from(key, 'base64')).update(`${encoded}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}${policy ? `&skn=${policy}` : ''}`;
}

/** One request to the hub's REST API, without any SDK. */
function rest(method, path, body, headers = {}) {
  const key = part(serviceConnectionString, 'SharedAccessKey');
  return new Promise((resolve, reject) => {
    const request = https.request(
      { host: system.hubAddress, method, path, timeout: 20_000, headers: { Authorization: sasToken(system.hubAddress, key, 3600, 'iothubowner'), ...headers } },
      response => {
        let text = '';
        response.on('data', data => (text += data));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text ? JSON.parse(text) : undefined }));
      });
    request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer within 20 s`)));
    request.on('error', reject);
    request.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  });
}

/** Asks again until the condition holds; fails with what was last seen. For what a hub does in its own time, such as a query over reported properties. */
async function eventually(what, look, holds, seconds = 20) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (holds(seen)) {
      return seen;
    }
    assert.ok(Date.now() < until, `${what} did not become true within ${seconds} s; last seen: ${JSON.stringify(seen)}`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

/** An event's first argument, or a failure after a limit. */
async function nextEvent(emitter, name, seconds = 20) {
  const [value] = await once(emitter, name, { signal: AbortSignal.timeout(seconds * 1000) });
  return value;
}

module.exports = {
  system, serviceConnectionString, deviceServiceConnectionString, deviceConnectionString, newId, createDevice, sasToken, rest, eventually, nextEvent, part,
};
