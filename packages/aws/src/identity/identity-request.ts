// The request with which a workload shows who it is at AWS: `sts:GetCallerIdentity`, signed by the workload and sent by somebody else.
// It can be used for nothing but asking STS who signed it, and it names the one server that it is meant for, under the signature.
// Source: "Signing AWS API requests" (IAM user guide); the same method secures the tokens of EKS.

/** The signed request as it is handed over, e.g. as JSON. It is always a POST. */
export type IdentityRequest = {
  /** `https://sts.REGION.amazonaws.com/` or the like. */
  url: string;
  /** Names in any letter case. */
  headers: Readonly<Record<string, string>>;
  body: string;
};

/** Names the server that the request is for. It is among the signed headers, so it cannot be changed on the way. */
export const AUDIENCE_HEADER = 'x-sallyport-audience';

/** The only body there is. */
export const IDENTITY_BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

/** What STS wants to be told about the body. */
export const FORM_TYPE = 'application/x-www-form-urlencoded; charset=utf-8';

/** How old a request may be when it is verified, and how far ahead its clock may be. AWS itself takes 15 minutes. */
export const IDENTITY_REQUEST_MAX_AGE_MS = 300_000;

const AUDIENCE = /^[\x21-\x7e]{1,512}$/;

/** Whether a text can be an audience: the address of a server, printable ASCII without blanks. */
export function isAudience(text: string): boolean {
  return AUDIENCE.test(text);
}
