'use strict';
// Certificates for the tests, made by the openssl program.
const { execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

function openssl(...args) {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function read(file) {
  return fs.readFileSync(file, 'utf8');
}

/** A certificate that signs itself. */
function selfSigned(folder, name) {
  const [key, cert] = [path.join(folder, `${name}.key`), path.join(folder, `${name}.pem`)];
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert);
  return { key: read(key), cert: read(cert), thumbprint: new crypto.X509Certificate(read(cert)).fingerprint.replaceAll(':', '') };
}

/** A certificate authority of the test's own. */
function authority(folder, name) {
  const made = selfSigned(folder, name);
  return { ...made, keyFile: path.join(folder, `${name}.key`), certFile: path.join(folder, `${name}.pem`) };
}

/** A device's certificate of that authority. */
function issue(folder, ca, name) {
  const [key, request, cert] = ['key', 'csr', 'pem'].map(kind => path.join(folder, `${name}.${kind}`));
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', request);
  openssl('x509', '-req', '-in', request, '-CA', ca.certFile, '-CAkey', ca.keyFile, '-CAcreateserial', '-days', '30', '-out', cert);
  return { key: read(key), cert: read(cert) };
}

module.exports = { selfSigned, authority, issue };
