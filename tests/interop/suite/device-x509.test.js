'use strict';
const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { NoRetry } = require('azure-iot-common');
const { Client, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { Registry } = require('azure-iothub');
const { serviceConnectionString, newId, createDevice, system, rest } = require('../harness/system');
const { selfSigned, authority, issue } = require('../harness/certificates');

const registry = Registry.fromConnectionString(serviceConnectionString);

function clientOf(deviceId, certificate) {
  const client = Client.fromConnectionString(`HostName=${system.hubAddress};DeviceId=${deviceId};x509=true`, Mqtt);
  client.setRetryPolicy(new NoRetry());
  return client.setOptions({ cert: certificate.cert, key: certificate.key }).then(() => client);
}

describe("Microsoft's device SDK with a certificate", () => {
  test('SelfSigned_WithItsThumbprintRegistered_Connects', async () => {
    const deviceId = newId('x509');
    const certificate = selfSigned(system.folder, deviceId);
    await createDevice(registry, { deviceId, authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: certificate.thumbprint } } });
    const client = await clientOf(deviceId, certificate);
    await client.open();
    try {
      await client.sendEvent(new Message('signed'));
      const twin = (await registry.getTwin(deviceId)).responseBody;
      assert.equal(twin.authenticationType, 'selfSigned');
      assert.equal(twin.connectionState, 'Connected');
    } finally {
      await client.close();
    }
  });

  test('AnotherCertificate_IsUnauthorized', async () => {
    const deviceId = newId('x509');
    const [right, wrong] = [selfSigned(system.folder, deviceId), selfSigned(system.folder, `${deviceId}-wrong`)];
    await createDevice(registry, { deviceId, authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: right.thumbprint } } });
    const client = await clientOf(deviceId, wrong);
    await assert.rejects(client.open(), e => e.name === 'UnauthorizedError');
  });

  test('CertificateOfARegisteredAuthority_Connects', async () => {
    const ca = authority(system.folder, newId('authority'));
    const name = newId('ca');
    const { status } = await rest('PUT', `/modulardm/certificates/${name}`, ca.cert);
    assert.ok(status < 300, `the authority was answered ${status}`);
    const deviceId = newId('x509');
    await createDevice(registry, { deviceId, authentication: { type: 'certificateAuthority' } });
    const client = await clientOf(deviceId, issue(system.folder, ca, deviceId));
    await client.open();
    await client.close();

    const other = newId('x509');
    await createDevice(registry, { deviceId: other, authentication: { type: 'certificateAuthority' } });
    const impostor = await clientOf(other, issue(system.folder, ca, `${other}-not`));
    await assert.rejects(impostor.open(), e => e.name === 'UnauthorizedError');
  });
});
