'use strict';
const { test, describe, after, before } = require('node:test');
const assert = require('node:assert/strict');
const { Message } = require('azure-iot-common');
const { Client } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { Registry, Client: ServiceClient, JobClient } = require('azure-iothub');
const { serviceConnectionString, deviceConnectionString, newId, createDevice, eventually, nextEvent, rest } = require('../harness/system');

const registry = Registry.fromConnectionString(serviceConnectionString);
const service = ServiceClient.fromConnectionString(serviceConnectionString);
const jobs = JobClient.fromConnectionString(serviceConnectionString);

async function all(query) {
  const items = [];
  do {
    // Without its own token as the argument, the SDK's promise asks for the first page for ever.
    items.push(...(await query.next(query.continuationToken)).result);
  } while (query.hasMoreResults);
  return items;
}

const finished = ['completed', 'failed', 'cancelled'];

function outcome(jobId) {
  return eventually(`job ${jobId}`, async () => (await jobs.getJob(jobId)).jobStatus ?? (await jobs.getJob(jobId)).responseBody, job => finished.includes(job.status), 60);
}

describe("Microsoft's service SDK: registry", () => {
  test('Device_CreatedReadUpdatedDeleted_AsTheSdkDoes', async () => {
    const deviceId = newId('crud');
    const created = await createDevice(registry, { deviceId, status: 'enabled', statusReason: 'new' });
    assert.equal(created.deviceId, deviceId);
    assert.equal(Buffer.from(created.authentication.symmetricKey.primaryKey, 'base64').length >= 16, true);
    const updated = (await registry.update({ deviceId, status: 'disabled', statusReason: 'stolen' })).responseBody;
    assert.equal(updated.status, 'disabled');
    assert.equal((await registry.get(deviceId)).responseBody.statusReason, 'stolen');
    await assert.rejects(registry.create({ deviceId }), e => e.name === 'DeviceAlreadyExistsError' || /409|Conflict|AlreadyExists/i.test(String(e.name) + e.message));
    await registry.delete(deviceId);
    await assert.rejects(registry.get(deviceId), e => e.name === 'DeviceNotFoundError');
  });

  test('Devices_AddedInBulk_AreAllThere', async () => {
    const ids = [newId('bulk'), newId('bulk'), newId('bulk')];
    const keys = () => ({ symmetricKey: { primaryKey: Buffer.alloc(32, 1).toString('base64'), secondaryKey: Buffer.alloc(32, 2).toString('base64') } });
    const added = (await registry.addDevices(ids.map(deviceId => ({ deviceId, status: 'enabled', authentication: keys() })))).responseBody;
    assert.equal(added.isSuccessful, true);
    for (const id of ids) {
      assert.equal((await registry.get(id)).responseBody.deviceId, id);
    }
    const removed = (await registry.removeDevices(ids.map(deviceId => ({ deviceId })), true)).responseBody;
    assert.equal(removed.isSuccessful, true);
    await assert.rejects(registry.get(ids[0]), e => e.name === 'DeviceNotFoundError');
  });

  test('Module_OfADevice_HasItsOwnTwin', async () => {
    const deviceId = newId('parent');
    await createDevice(registry, { deviceId });
    await registry.addModule({ deviceId, moduleId: 'camera' });
    assert.equal((await registry.getModule(deviceId, 'camera')).responseBody.moduleId, 'camera');
    assert.equal((await registry.getModulesOnDevice(deviceId)).responseBody.length, 1);
    const twin = (await registry.updateModuleTwin(deviceId, 'camera', { properties: { desired: { fps: 25 } } }, '*')).responseBody;
    assert.equal(twin.properties.desired.fps, 25);
    assert.equal((await registry.getTwin(deviceId)).responseBody.properties.desired.fps, undefined);
    await registry.removeModule(deviceId, 'camera');
    assert.equal((await registry.getModulesOnDevice(deviceId)).responseBody.length, 0);
  });

  test('Statistics_CountTheDevices', async () => {
    const before = (await registry.getRegistryStatistics()).responseBody.totalDeviceCount;
    await createDevice(registry, { deviceId: newId('counted') });
    assert.equal((await registry.getRegistryStatistics()).responseBody.totalDeviceCount, before + 1);
  });
});

describe("Microsoft's service SDK: twins", () => {
  test('Twin_UpdatedWithAnOldETag_IsRefused', async () => {
    const deviceId = newId('etag');
    await createDevice(registry, { deviceId });
    const first = (await registry.getTwin(deviceId)).responseBody;
    await registry.updateTwin(deviceId, { tags: { site: 'north' } }, first.etag);
    await assert.rejects(
      registry.updateTwin(deviceId, { tags: { site: 'south' } }, first.etag),
      e => e.name === 'InvalidEtagError' || /412|Precondition/i.test(String(e.name) + e.message));
    assert.equal((await registry.getTwin(deviceId)).responseBody.tags.site, 'north');
  });

  test('Twin_Query_FiltersProjectsAndPages', async () => {
    const site = newId('site');
    const ids = [];
    for (let floor = 0; floor < 5; floor++) {
      const deviceId = newId('query');
      ids.push(deviceId);
      await createDevice(registry, { deviceId });
      await registry.updateTwin(deviceId, { tags: { site, floor } }, '*');
    }
    const twins = await all(registry.createQuery(`SELECT * FROM devices WHERE tags.site = '${site}' AND tags.floor >= 2`, 2));
    assert.deepEqual(twins.map(twin => twin.deviceId).sort(), ids.slice(2).sort());
    const rows = await all(registry.createQuery(`SELECT deviceId, tags.floor AS floor FROM devices WHERE tags.site = '${site}'`));
    assert.deepEqual(rows.map(row => row.floor).sort(), [0, 1, 2, 3, 4]);
    const [count] = await all(registry.createQuery(`SELECT COUNT() AS n FROM devices WHERE tags.site = '${site}'`));
    assert.equal(count.n, 5);
  });
});

describe("Microsoft's service SDK: jobs", () => {
  test('TwinJob_OverADevicesCondition_ReachesThemAll', async () => {
    const ids = [newId('job'), newId('job'), newId('job')];
    for (const deviceId of ids) {
      await createDevice(registry, { deviceId });
    }
    const jobId = newId('twin-job');
    const list = ids.map(id => `'${id}'`).join(', ');
    await jobs.scheduleTwinUpdate(jobId, `deviceId IN [${list}]`, { etag: '*', properties: { desired: { mode: 'eco' } } }, new Date(), 60);
    const job = await outcome(jobId);
    assert.equal(job.status, 'completed');
    assert.equal(job.deviceJobStatistics.succeededCount, 3);
    for (const id of ids) {
      assert.equal((await registry.getTwin(id)).responseBody.properties.desired.mode, 'eco');
    }
    const rows = await all(registry.createQuery(`SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '${jobId}'`));
    assert.deepEqual(rows.map(row => row.deviceId).sort(), ids.sort());
  });

  test('MethodJob_OnAConnectedDevice_KeepsItsAnswer', async () => {
    const deviceId = newId('job');
    const key = (await createDevice(registry, { deviceId })).authentication.symmetricKey.primaryKey;
    const client = Client.fromConnectionString(deviceConnectionString(deviceId, key), Mqtt);
    await client.open();
    try {
      client.onDeviceMethod('sweep', (request, response) => response.send(200, { swept: true }, () => {}));
      await eventually('the subscription', () => service.invokeDeviceMethod(deviceId, { methodName: 'sweep', payload: null }).then(a => a.result.status, () => 0), s => s === 200);
      const jobId = newId('method-job');
      await jobs.scheduleDeviceMethod(jobId, `deviceId IN ['${deviceId}']`, { methodName: 'sweep', payload: null, responseTimeoutInSeconds: 10 }, new Date(), 60);
      const job = await outcome(jobId);
      assert.equal(job.deviceJobStatistics.succeededCount, 1);
      const [row] = await all(registry.createQuery(`SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '${jobId}'`));
      assert.deepEqual(row.outcome.deviceMethodResponse.payload, { swept: true });
    } finally {
      await client.close();
    }
  });
});

describe("Microsoft's service SDK: configurations", () => {
  const id = `interop-${process.pid}`;
  after(() => registry.removeConfiguration(id).catch(() => {}));

  test('Configuration_WithATargetCondition_ReachesAHundredDevices', async t => {
    const site = newId('fleet');
    const ids = Array.from({ length: 100 }, () => newId('auto'));
    await registry.addDevices(ids.map(deviceId => ({ deviceId, status: 'enabled', authentication: { symmetricKey: {
      primaryKey: Buffer.alloc(32, 3).toString('base64'), secondaryKey: Buffer.alloc(32, 4).toString('base64') } } })));
    for (const deviceId of ids) {
      await registry.updateTwin(deviceId, { tags: { site } }, '*');
    }
    await registry.addConfiguration({
      id,
      schemaVersion: '1.0',
      labels: { purpose: 'interop' },
      content: { deviceContent: { 'properties.desired.heating': { target: 19 } } },
      targetCondition: `tags.site = '${site}'`,
      priority: 10,
      metrics: { queries: { warm: `SELECT deviceId FROM devices WHERE tags.site = '${site}' AND properties.desired.heating.target = 19` } },
    });
    const seen = await eventually(
      'the configuration',
      async () => (await registry.getConfiguration(id)).responseBody,
      configuration => configuration.systemMetrics?.results?.appliedCount === 100 && configuration.metrics?.results?.warm === 100,
      60);
    assert.equal(seen.systemMetrics.results.targetedCount, 100);
    assert.equal((await registry.getTwin(ids[99])).responseBody.properties.desired.heating.target, 19);
    t.diagnostic(`configuration ${id}: targeted ${seen.systemMetrics.results.targetedCount}, applied ${seen.systemMetrics.results.appliedCount}, metric warm ${seen.metrics.results.warm}`);
  });
});

describe("Microsoft's service SDK: cloud-to-device messages over AMQP", () => {
  let deviceId;
  let key;

  before(async () => {
    deviceId = newId('c2d');
    key = (await createDevice(registry, { deviceId })).authentication.symmetricKey.primaryKey;
    await service.open();
  });
  after(() => service.close());

  test('Message_WithFullAck_ArrivesAndIsConfirmed', async () => {
    // The SDK's promise gives something else than its callback.
    const receiver = await new Promise((resolve, reject) => service.getFeedbackReceiver((e, made) => (e ? reject(e) : resolve(made))));
    const confirmed = new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('no feedback within 40 s')), 40_000);
      receiver.on('message', feedback => {
        const record = JSON.parse(Buffer.isBuffer(feedback.data) ? feedback.data.toString() : String(feedback.data)).find(r => r.deviceId === deviceId);
        receiver.complete(feedback, () => {});
        if (record) {
          clearTimeout(limit);
          resolve(record);
        }
      });
    });
    const client = Client.fromConnectionString(deviceConnectionString(deviceId, key), Mqtt);
    const arrived = nextEvent(client, 'message');
    await client.open();
    try {
      const message = new Message('open the valve');
      message.messageId = 'order-1';
      message.ack = 'full';
      message.properties.add('valve', '3');
      await service.send(deviceId, message);
      const got = await arrived;
      assert.equal(got.getData().toString(), 'open the valve');
      assert.equal(got.properties.getValue('valve'), '3');
      assert.equal(got.messageId, 'order-1');
      await client.complete(got);
      const record = await confirmed;
      assert.equal(record.originalMessageId, 'order-1');
      assert.equal(record.statusCode, 'Success');
    } finally {
      await client.close();
    }
  });

  test('Messages_ForAnAbsentDevice_WaitInOrder', async () => {
    const absent = newId('c2d');
    const absentKey = (await createDevice(registry, { deviceId: absent })).authentication.symmetricKey.primaryKey;
    for (const text of ['one', 'two', 'three']) {
      await service.send(absent, new Message(text));
    }
    assert.equal((await registry.getTwin(absent)).responseBody.cloudToDeviceMessageCount, 3);
    const client = Client.fromConnectionString(deviceConnectionString(absent, absentKey), Mqtt);
    const got = [];
    const done = new Promise(resolve => client.on('message', message => {
      got.push(message.getData().toString());
      client.complete(message, () => got.length === 3 && resolve());
    }));
    await client.open();
    try {
      await Promise.race([done, new Promise((_, reject) => setTimeout(() => reject(new Error(`only ${got} arrived`)), 20_000).unref())]);
      assert.deepEqual(got, ['one', 'two', 'three']);
    } finally {
      await client.close();
    }
    await eventually('the empty queue', async () => (await registry.getTwin(absent)).responseBody.cloudToDeviceMessageCount, count => count === 0);
  });

  test('Message_ForAnUnknownDevice_IsRefused', async () => {
    await assert.rejects(service.send(newId('nobody'), new Message('hello')));
  });

  test('Queue_Purged_IsEmpty', async () => {
    const id = newId('purge');
    await createDevice(registry, { deviceId: id });
    await service.send(id, new Message('never read'));
    const { body } = await rest('DELETE', `/devices/${id}/commands?api-version=2021-04-12`);
    assert.equal(body.totalMessagesPurged, 1);
  });
});
