'use strict';
const { test, describe, before, afterEach } = require('node:test');
const assert = require('node:assert/strict');
const { Client, Message } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const { Registry, Client: ServiceClient } = require('azure-iothub');
const { serviceConnectionString, deviceConnectionString, newId, createDevice, sasToken, rest, eventually, nextEvent, system } = require('../harness/system');

const registry = Registry.fromConnectionString(serviceConnectionString);
const service = ServiceClient.fromConnectionString(serviceConnectionString);
const opened = [];

async function connect(deviceId, key, transport) {
  const client = Client.fromConnectionString(deviceConnectionString(deviceId, key), transport);
  opened.push(client);
  await client.open();
  return client;
}

afterEach(async () => {
  await Promise.allSettled(opened.splice(0).map(client => client.close()));
});

for (const [name, transport] of [['MQTT', Mqtt], ['MQTT over WebSocket', MqttWs]]) {
  describe(`Microsoft's device SDK over ${name}`, () => {
    let deviceId;
    let key;

    before(async () => {
      deviceId = newId('sas');
      key = (await createDevice(registry, { deviceId })).authentication.symmetricKey.primaryKey;
    });

    test('Telemetry_WithProperties_IsReadByTheOperator', async () => {
      const client = await connect(deviceId, key, transport);
      const message = new Message(JSON.stringify({ celsius: 21.5 }));
      message.contentType = 'application/json';
      message.contentEncoding = 'utf-8';
      message.messageId = 'reading-1';
      message.properties.add('alert', 'no & none');
      await client.sendEvent(message);

      const { body } = await rest('GET', `/modulardm/devices/${deviceId}/messages`);
      const found = JSON.stringify(body);
      assert.match(found, /reading-1/);
      assert.match(found, /no & none/);
    });

    test('Twin_DesiredAndReported_GoBothWays', async () => {
      const client = await connect(deviceId, key, transport);
      const twin = await client.getTwin();
      let told;
      twin.on('properties.desired.interval', value => (told = value));
      let interval = 0;
      // The SDK subscribes in its own time after "on", and nothing tells when.
      await eventually(
        'the change that the device is told of',
        async () => {
          await registry.updateTwin(deviceId, { properties: { desired: { interval: ++interval } } }, '*');
          return { told, interval };
        },
        seen => seen.told > 0 && seen.told >= seen.interval - 3);

      await new Promise((resolve, reject) => twin.properties.reported.update({ interval: 30, stale: 1 }, e => (e ? reject(e) : resolve())));
      await new Promise((resolve, reject) => twin.properties.reported.update({ stale: null }, e => (e ? reject(e) : resolve())));
      const seen = (await registry.getTwin(deviceId)).responseBody;
      assert.equal(seen.properties.reported.interval, 30);
      assert.equal('stale' in seen.properties.reported, false);
      assert.ok(seen.properties.reported.$metadata.interval.$lastUpdated);
    });

    test('Report_OverTheLimit_FailsWithTheHubsCode', async () => {
      const client = await connect(deviceId, key, transport);
      const twin = await client.getTwin();
      const refused = await new Promise(resolve => twin.properties.reported.update({ text: 'x'.repeat(5000) }, resolve));
      assert.ok(refused, 'a value of 5,000 characters was taken');
      assert.equal((await registry.getTwin(deviceId)).responseBody.properties.reported.text, undefined);
    });

    test('Method_Called_IsAnswered', async () => {
      const client = await connect(deviceId, key, transport);
      await new Promise((resolve, reject) => {
        client.onDeviceMethod('lockDoor', (request, response) => response.send(207, { locked: request.payload.door }, e => e && reject(e)));
        resolve();
      });
      const answer = await eventually(
        'the method',
        () => service.invokeDeviceMethod(deviceId, { methodName: 'lockDoor', payload: { door: 'north' }, connectTimeoutInSeconds: 10, responseTimeoutInSeconds: 10 })
          .then(a => a.result, e => e.message),
        a => a.status === 207);
      assert.deepEqual(answer.payload, { locked: 'north' });
    });

    test('SecondConnection_TakesOverTheFirst', async () => {
      const first = await connect(deviceId, key, transport);
      // Its automatic reconnect would take the link back, and so on without end.
      first.setRetryPolicy(new (require('azure-iot-common').NoRetry)());
      const dropped = nextEvent(first, 'disconnect');
      await connect(deviceId, key, transport);
      await dropped;
      assert.equal((await registry.getTwin(deviceId)).responseBody.connectionState, 'Connected');
    });

    test('WrongKey_IsUnauthorized', async () => {
      const wrong = Buffer.alloc(32, 7).toString('base64');
      const client = Client.fromConnectionString(deviceConnectionString(deviceId, wrong), transport);
      client.setRetryPolicy(new (require('azure-iot-common').NoRetry)());
      opened.push(client);
      await assert.rejects(client.open(), e => e.name === 'UnauthorizedError');
    });

    test('Token_Renewed_TheLinkGoesOn', async () => {
      const resource = `${system.hubAddress}/devices/${deviceId}`;
      const client = Client.fromSharedAccessSignature(sasToken(resource, key, 3600), transport);
      opened.push(client);
      await client.open();
      await client.updateSharedAccessSignature(sasToken(resource, key, 7200));
      await client.sendEvent(new Message('after the renewal'));
      assert.equal((await registry.getTwin(deviceId)).responseBody.connectionState, 'Connected');
    });
  });
}
