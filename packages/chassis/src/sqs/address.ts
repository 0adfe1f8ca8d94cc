const EXAMPLE = 'sqs://eu-central-1/shop-production';
const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d+$/;
/** Without an underscore, which separates the parts of a name. */
const PREFIX = /^[A-Za-z0-9][A-Za-z0-9-]*$/;
const ACCOUNT = /^\d{12}$/;

/** Where in AWS the topics and queues of a platform are. */
export interface SqsAddress {
  readonly region: string;
  /** What all their names begin with. */
  readonly prefix: string;
  /** Whose they are. Needed only by a role that may not create topics. */
  readonly account: string | undefined;
  /** Of a server that stands in for AWS. */
  readonly endpoint: string | undefined;
}

const FORM = `must look like ${EXAMPLE}: the region, and what the names of all topics and queues begin with`;

/** What is wrong with a URL, as the rest of a sentence. It never contains the URL, which may have a password by mistake. */
export function addressProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return FORM;
  const { protocol, hostname, port, pathname, username, password, searchParams } = new URL(url);
  const isForm = protocol === 'sqs:' && port === '' && PREFIX.test(pathname.slice(1));
  if (!isForm || !REGION.test(hostname)) return FORM;
  if (username !== '' || password !== '') {
    return `${FORM}. Credentials come from where the AWS SDK finds them`;
  }
  const parameters = Object.fromEntries(searchParams);
  const { account, endpoint, ...unknown } = parameters;
  if (Object.keys(unknown).length > 0)
    return 'has a parameter that is neither account nor endpoint';
  if (account !== undefined && !ACCOUNT.test(account)) {
    return 'has an account that is no number of 12 digits';
  }
  if (endpoint !== undefined && !isHttp(endpoint)) return 'has an endpoint that is no URL of HTTP';
  return undefined;
}

/** `sqs://eu-central-1/shop-production`, then `?account=123456789012` or `?endpoint=http://localhost:4566`. */
export function parseAddress(url: string): SqsAddress {
  const { hostname: region, pathname, searchParams } = new URL(url);
  const { account, endpoint } = Object.fromEntries(searchParams);
  return { region, prefix: pathname.slice(1), account, endpoint };
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
