// Public face of @sallyport/testkit/lab: a loopback server that speaks the protocols of KMS (AWS JSON 1.1), STS (query and XML), IMDSv2
// and the ECS/EKS container credentials endpoint, strict where AWS is strict. It is NOT AWS: no grants, no asymmetric cryptography, no
// quotas, no permission boundaries or service control policies, and changes act at once. Node and @sallyport/core are all it needs.
//
//   const lab = await startAwsLab();            // 127.0.0.1, a free port per service; { port } puts all on one
//   const key = lab.keys.create({ region: 'eu-west-1' });
//   const user = lab.identities.createUser({ name: 'ann', policies: keyUsePolicy({ keyArn: key.arn }) });
//   new KMSClient({ endpoint: lab.kmsEndpoint, region: key.region, credentials: user });   // user has accessKeyId, secretAccessKey
//
// Set up     lab.keys        create replicate setState setPolicy rotate setAlias deleteAlias delete get targetOf list
//            lab.identities  createUser createAccessKey setAccessKeyActive setUserPolicies createRole updateRole deleteRole
//                            addOidcProvider issueWebIdentityToken users roles
//            lab.sessions    mint expire(roleArn) revoke(roleArn)
//            lab.imds/.ecs   get() set({ roleArn, allowV1, tokenStatus, credentialsSeconds, … }) / set({ authorizationToken, … })
//            policies        keyUsePolicy assumeRolePolicy trustPrincipals trustServices trustWebIdentity, or plain JSON
// Watch      lab.calls({ eventName: 'Decrypt', errorCode: null })   lab.resetCalls()
// Break      lab.faults.add({ service: 'kms', operation: 'Decrypt', kind: 'throttle', times: 2 })   lab.faults.clear()
//            lab.partition('sts')  lab.heal('sts')     connections are refused, then accepted again on the same port
//            lab.clock.advance(ms)                     sessions expire, signatures are off by as much (see clockSkewToleranceMs)
// Endpoints  lab.kmsEndpoint lab.stsEndpoint lab.imdsEndpoint lab.ecsCredentialsUri(role); lab.kmsEndpointIn(region) and
//            lab.stsEndpointIn(region) refuse signatures for other regions. The account is 111122223333, the region eu-west-1, unless given.
// Options    port now clockSkewToleranceMs seed stateFile control logCapacity; see AwsLabOptions
export { startAwsLab } from './lab.ts';
export type { AwsLab, AwsLabOptions, LabEndpoint } from './lab.ts';
export { seedDemo } from './seed-demo.ts';
export type { LabDemo } from './seed-demo.ts';
export {
  assumeRolePolicy,
  keyUsePolicy,
  trustPrincipals,
  trustServices,
  trustWebIdentity,
} from './policy-templates.ts';
export { DEFAULT_ACCOUNT_ID } from './identity-store.ts';
export type { RoleOptions, UserOptions } from './identity-store.ts';
export { defaultKeyPolicy } from './key-store.ts';
export { DEFAULT_REGION } from './lab-key.ts';
export type { KeyOptions, KeySpec, KeyState, LabKey } from './lab-key.ts';
export type { LabAccessKey, LabRole, LabUser } from './lab-admin.ts';
export type { PolicyDocument, PolicyStatement } from './policy-document.ts';
export type { CallFilter, LabCall, LabService } from './call-log.ts';
export type { FaultHandle, FaultKind, FaultOptions, Faults } from './faults.ts';
export type { SessionCredentials } from './session-token.ts';
export type { LabClock } from './lab-clock.ts';
export type { ControlAccess } from './control.ts';
export type { EcsSettings, ImdsSettings } from './host-credentials.ts';
export type { WebIdentityOptions } from './web-identity.ts';
export { BLOB_OVERHEAD_BYTES } from './ciphertext-blob.ts';
