// What the delegate's own environment says about AWS. Parsed once and handed in: nothing else in this package reads the process
// environment, so that neither the server nor an SDK default can decide which endpoint is spoken to.
import { AppError } from '@sallyport/core';

/** The AWS side of a delegate's environment. */
export type AwsEnvironment = {
  /** The variables as they are; sources of host credentials look theirs up here (`AWS_…`, `HOME`). */
  env: Readonly<Record<string, string | undefined>>;
  /** Where KMS is called, whatever the region; `null`: the regional endpoint of AWS. */
  kmsEndpoint: string | null;
  /** Where STS is called, whatever the region; `null`: the regional endpoint of AWS. */
  stsEndpoint: string | null;
  /** Use the FIPS endpoints of AWS. Has no effect on an endpoint that is overridden. */
  useFips: boolean;
  /** The delegate's name for itself; shows in CloudTrail as part of the session name. */
  delegateName: string;
};

/** What may override the environment: the delegate's guard file, never the server. */
export type EndpointOverrides = {
  delegateName: string;
  /** `null` or left out: as the environment says. */
  kmsEndpoint?: string | null;
  stsEndpoint?: string | null;
};

/**
 * Reads `AWS_ENDPOINT_URL_KMS`, `AWS_ENDPOINT_URL_STS` and `AWS_USE_FIPS_ENDPOINT`. The catch-all `AWS_ENDPOINT_URL` is not
 * honoured: an override that is meant for KMS would be sent STS requests too.
 * @throws {config-invalid} when an endpoint is not an http or https URL
 */
export function readAwsEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  overrides: EndpointOverrides,
): AwsEnvironment {
  return {
    env,
    kmsEndpoint: endpointOf('AWS_ENDPOINT_URL_KMS', overrides.kmsEndpoint ?? env['AWS_ENDPOINT_URL_KMS']),
    stsEndpoint: endpointOf('AWS_ENDPOINT_URL_STS', overrides.stsEndpoint ?? env['AWS_ENDPOINT_URL_STS']),
    useFips: isOn(env['AWS_USE_FIPS_ENDPOINT']),
    delegateName: overrides.delegateName,
  };
}

/** Whether a variable is set to "true", as the AWS SDKs spell switches. */
export function isOn(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}

function endpointOf(name: string, value: string | undefined): string | null {
  if (value === undefined || value === '') return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '')
    return value;
  throw new AppError('config-invalid', {
    publicMessage: `The endpoint in ${name} (or the guard file) is not a plain http or https URL.`,
  });
}
