/**
 * Replaces references to the stack's table by the names of a restored table, because CloudFormation
 * does not know that table.
 * @throws when the stream is of another table
 */
export function nameTable<T>(value: T, { name, streamArn }: { name: string; streamArn: string }): T {
  const [arn, stream] = streamArn.split('/stream/');
  if (!stream || !arn?.endsWith(`:table/${name}`)) {
    throw new Error(`tableStreamArn is not the ARN of a stream of the table ${name}.`);
  }
  const names: Record<string, string> = {
    [JSON.stringify({ Ref: 'Table' })]: name,
    [JSON.stringify({ 'Fn::GetAtt': ['Table', 'Arn'] })]: arn,
    [JSON.stringify({ 'Fn::GetAtt': ['Table', 'StreamArn'] })]: streamArn,
  };
  const replace = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) return part;
    const named = names[JSON.stringify(part)];
    if (named !== undefined) return named;
    if (Array.isArray(part)) return part.map(replace);
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, replace(item)]));
  };
  return replace(value) as T;
}
