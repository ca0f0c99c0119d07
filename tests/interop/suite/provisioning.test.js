'use strict';
const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { Client, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { Mqtt: ProvisioningMqtt } = require('azure-iot-provisioning-device-mqtt');
const { ProvisioningDeviceClient } = require('azure-iot-provisioning-device');
const { ProvisioningServiceClient } = require('azure-iot-provisioning-service');
const { SymmetricKeySecurityClient } = require('azure-iot-security-symmetric-key');
const { X509Security } = require('azure-iot-security-x509');
const { Registry } = require('azure-iothub');
const { serviceConnectionString, newId, system, part } = require('../harness/system');
const { selfSigned } = require('../harness/certificates');

const registry = Registry.fromConnectionString(serviceConnectionString);
const enrolments = ProvisioningServiceClient.fromConnectionString(
  `HostName=${system.hubAddress};SharedAccessKeyName=${part(system.hub.provisioningConnectionString, 'SharedAccessKeyName')};`
  + `SharedAccessKey=${part(system.hub.provisioningConnectionString, 'SharedAccessKey')}`);

function register(security) {
  const client = ProvisioningDeviceClient.create(system.provisioningAddress, system.hub.idScope, new ProvisioningMqtt(), security);
  return new Promise((resolve, reject) => client.register((e, result) => (e ? reject(e) : resolve(result))));
}

async function useDevice(connectionString, options) {
  const client = Client.fromConnectionString(connectionString, Mqtt);
  if (options) {
    await client.setOptions(options);
  }
  await client.open();
  await client.sendEvent(new Message('provisioned'));
  await client.close();
}

describe("Microsoft's provisioning SDKs", () => {
  test('Individual_WithASymmetricKey_GetsADeviceOnTheHub', async () => {
    const registrationId = newId('dps');
    const created = (await enrolments.createOrUpdateIndividualEnrollment({
      registrationId, deviceId: `${registrationId}-device`, attestation: { type: 'symmetricKey' }, provisioningStatus: 'enabled',
      initialTwin: { tags: { line: 'A' }, properties: { desired: { mode: 'first' } } },
    })).responseBody;
    const key = created.attestation.symmetricKey.primaryKey;
    const assigned = await register(new SymmetricKeySecurityClient(registrationId, key));
    assert.equal(assigned.deviceId, `${registrationId}-device`);
    const twin = (await registry.getTwin(assigned.deviceId)).responseBody;
    assert.equal(twin.tags.line, 'A');
    assert.equal(twin.properties.desired.mode, 'first');
    await useDevice(`HostName=${assigned.assignedHub};DeviceId=${assigned.deviceId};SharedAccessKey=${key}`);
  });

  test('Group_WithDerivedKeys_ProvisionsEachOfItsDevices', async () => {
    const enrollmentGroupId = newId('group');
    const group = (await enrolments.createOrUpdateEnrollmentGroup({
      enrollmentGroupId, attestation: { type: 'symmetricKey' }, provisioningStatus: 'enabled',
    })).responseBody;
    for (const registrationId of [newId('dps'), newId('dps')]) {
      const key = crypto.createHmac('sha256', Buffer.from(group.attestation.symmetricKey.primaryKey, 'base64')).update(registrationId).digest('base64');
      const assigned = await register(new SymmetricKeySecurityClient(registrationId, key));
      assert.equal(assigned.deviceId, registrationId);
      await useDevice(`HostName=${assigned.assignedHub};DeviceId=${assigned.deviceId};SharedAccessKey=${key}`);
    }
  });

  test('Individual_WithACertificate_GetsADeviceWithItsThumbprint', async () => {
    const registrationId = newId('dps');
    const certificate = selfSigned(system.folder, registrationId);
    await enrolments.createOrUpdateIndividualEnrollment({
      registrationId, provisioningStatus: 'enabled', attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: certificate.cert } } } },
    });
    const assigned = await register(new X509Security(registrationId, { cert: certificate.cert, key: certificate.key }));
    assert.equal(assigned.deviceId, registrationId);
    await useDevice(`HostName=${assigned.assignedHub};DeviceId=${assigned.deviceId};x509=true`, { cert: certificate.cert, key: certificate.key });
  });

  test('WrongKey_IsUnauthorized', async () => {
    const registrationId = newId('dps');
    await enrolments.createOrUpdateIndividualEnrollment({ registrationId, attestation: { type: 'symmetricKey' }, provisioningStatus: 'enabled' });
    await assert.rejects(register(new SymmetricKeySecurityClient(registrationId, Buffer.alloc(32, 9).toString('base64'))), /not authorized/i);
  });

  test('DisabledEnrolment_GetsNoDevice', async () => {
    const registrationId = newId('dps');
    const created = (await enrolments.createOrUpdateIndividualEnrollment({
      registrationId, attestation: { type: 'symmetricKey' }, provisioningStatus: 'disabled',
    })).responseBody;
    await assert.rejects(register(new SymmetricKeySecurityClient(registrationId, created.attestation.symmetricKey.primaryKey)));
    await assert.rejects(registry.get(registrationId), e => e.name === 'DeviceNotFoundError');
  });
});
