'use strict';
// The device side of what cannot be seen from the hub's own tests: Microsoft's service SDK, and through the hub a real ModularDM host with its plugins and
// its root service on the simulated platform.
const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Registry, Client: ServiceClient, JobClient } = require('azure-iothub');
const { deviceServiceConnectionString, system, eventually, newId } = require('../harness/system');

const registry = Registry.fromConnectionString(deviceServiceConnectionString);
const service = ServiceClient.fromConnectionString(deviceServiceConnectionString);
const { deviceId } = system.device;

const reported = async () => (await registry.getTwin(deviceId)).responseBody.properties.reported;

describe("Microsoft's service SDK against a ModularDM device", () => {
  test('TimeInfo_Changed_IsAppliedAndReported', async t => {
    const before = (await eventually('the device', reported, r => r.modularDM?.plugins)).windows?.timeInfo;
    t.diagnostic(`reported before: ${JSON.stringify(before)}`);
    const desired = { windows: { timeInfo: { timeZoneKeyName: 'Pacific Standard Time', ntpServer: 'ntp.example.com' } } };
    t.diagnostic(`updateTwin(${deviceId}, ${JSON.stringify(desired)})`);
    const twin = (await registry.updateTwin(deviceId, { properties: { desired } }, '*')).responseBody;
    const after = await eventually(
      'the report', reported,
      r => r.windows?.timeInfo?.ntpServer === 'ntp.example.com' && r.windows.timeInfo.timeZoneKeyName === 'Pacific Standard Time');
    t.diagnostic(`reported after desired version ${twin.properties.desired.$version}: ${JSON.stringify(after.windows.timeInfo)}`);
  });

  test('Section_WithAValueThatIsNotAllowed_SaysSoInReported', async () => {
    await registry.updateTwin(deviceId, { properties: { desired: { windows: { windowsTelemetry: { level: 'loud' } } } } }, '*');
    const failed = await eventually('the error', reported, r => r.windows?.windowsTelemetry?.status?.state === 'failed' || /fail/i.test(JSON.stringify(r.windows?.windowsTelemetry ?? {})));
    assert.match(JSON.stringify(failed.windows.windowsTelemetry), /loud|level/);
    await registry.updateTwin(deviceId, { properties: { desired: { windows: { windowsTelemetry: null } } } }, '*');
  });

  test('OemSection_Changed_IsAppliedByTheOemsPlugin', async () => {
    await registry.updateTwin(deviceId, { properties: { desired: { contoso: { fan: { speedPercent: 40 } } } } }, '*');
    await eventually('the fan', reported, r => r.contoso?.fan?.speedPercent === 40);
  });

  test('Method_OfThePlugin_IsAnswered', async () => {
    const answer = (await service.invokeDeviceMethod(deviceId, { methodName: 'windows.reportAllAsync', payload: null, responseTimeoutInSeconds: 30 })).result;
    assert.ok([200, 202].includes(answer.status), JSON.stringify(answer));
  });

  test('Method_Unknown_IsNotImplemented', async () => {
    const answer = (await service.invokeDeviceMethod(deviceId, { methodName: 'contoso.noSuchThing', payload: {}, responseTimeoutInSeconds: 10 })).result;
    assert.ok([404, 501].includes(answer.status), JSON.stringify(answer));
  });

  test('Device_Queried_IsFoundByWhatItReported', async () => {
    const query = registry.createQuery(`SELECT * FROM devices WHERE properties.reported.modularDM.summary.state != 'nonsense' AND IS_DEFINED(properties.reported.windows)`);
    const { result } = await query.next();
    assert.deepEqual(result.map(twin => twin.deviceId), [deviceId]);
  });

  test('Job_OnTheDevice_RunsItsMethod', async () => {
    const jobs = JobClient.fromConnectionString(deviceServiceConnectionString);
    const jobId = newId('report-all');
    await jobs.scheduleDeviceMethod(jobId, `deviceId IN ['${deviceId}']`, { methodName: 'windows.reportAllAsync', payload: null, responseTimeoutInSeconds: 30 }, new Date(), 60);
    const job = await eventually('the job', async () => { const j = await jobs.getJob(jobId); return j.jobStatus ?? j.responseBody; }, j => ['completed', 'failed'].includes(j.status), 60);
    assert.equal(job.deviceJobStatistics.succeededCount, 1, JSON.stringify(job));
  });

  test('Configuration_OnTheDevice_SetsItsSection', async () => {
    const id = `device-${process.pid}`;
    await registry.updateTwin(deviceId, { tags: { site: 'interop' } }, '*');
    await registry.addConfiguration({
      id, schemaVersion: '1.0', priority: 1, targetCondition: "tags.site = 'interop'",
      content: { deviceContent: { 'properties.desired.contoso.fan': { speedPercent: 55 } } },
    });
    try {
      await eventually('the fan', reported, r => r.contoso?.fan?.speedPercent === 55, 60);
      const twin = (await registry.getTwin(deviceId)).responseBody;
      assert.equal(twin.configurations[id].status, 'Applied');
    } finally {
      await registry.removeConfiguration(id);
    }
  });
});
