/** Milliseconds of each unit: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** `1500m` -> 1500; undefined if it is not a `grpc-timeout`. */
export function parseGrpcTimeout(value: string | undefined): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(value ?? '') ?? [];
  return digits === undefined ? undefined : Math.floor(Number(digits) * UNITS[unit!]!);
}
