// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation fills these in
import type { Statement } from './roles.ts';

/** The stage that permissions are for. */
export interface Scope {
  service: string;
  stage: string;
  /** ARNs of the SNS platform applications in the stage's params. */
  pushApplications: string[];
  /** The address that sends e-mails, if the stage has one. */
  emailSender?: string | undefined;
}

export type Permission = keyof ReturnType<typeof permissionsOf>;

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const sub = (text: string) => ({ 'Fn::Sub': text });
const allow = (Action: string[], Resource: unknown): Statement => ({ Effect: 'Allow', Action, Resource });
const allowExcept = (Action: string[], NotResource: unknown): Statement => ({ Effect: 'Allow', Action, NotResource });

const [table, images] = [arnOf('Table'), sub('${Images.Arn}/images/*')];
const inRegion = '${AWS::Region}:${AWS::AccountId}';
// A permission needs a resource, and no application has this name.
const noApplication = sub(`arn:\${AWS::Partition}:sns:${inRegion}:app/GCM/none`);

/**
 * The permissions that functions name in serverless.yml. A transaction needs the permission of each
 * kind of write in it.
 */
export function permissionsOf({ service, stage, pushApplications, emailSender }: Scope) {
  const secret = (name: string) => sub(`arn:\${AWS::Partition}:ssm:${inRegion}:parameter/${service}/${stage}/${name}`);
  const applications = [...new Set(pushApplications)];
  const endpoints = applications.map((arn) => `${arn.replace(':app/', ':endpoint/')}/*`);
  // A sender is verified by itself or by its domain.
  const identities = emailSender ? [emailSender, emailSender.slice(emailSender.indexOf('@') + 1)] : ['none'];
  const ses = (resource: string) => sub(`arn:\${AWS::Partition}:ses:${inRegion}:${resource}`);
  const ofStage = (arns: string[]) => (arns.length > 0 ? arns : [noApplication]);
  return {
    get: allow(['dynamodb:BatchGetItem'], table),
    query: allow(['dynamodb:Query'], table),
    scan: allow(['dynamodb:Scan'], table),
    put: allow(['dynamodb:PutItem'], table),
    // Entries of the audit log, which no other function may put (deploy/roles.ts).
    audit: allow(['dynamodb:PutItem'], table),
    update: allow(['dynamodb:UpdateItem'], table),
    delete: allow(['dynamodb:DeleteItem'], table),
    deleteAll: allow(['dynamodb:BatchWriteItem'], table),
    check: allow(['dynamodb:ConditionCheckItem'], table),
    // Excludes topics and push endpoints, so only phone numbers remain, which have no ARN.
    sendSms: allowExcept(['sns:Publish'], sub('arn:${AWS::Partition}:sns:*:*:*')),
    sendEmail: allow(
      ['ses:SendEmail'],
      [...identities.map((name) => ses(`identity/${name}`)), ses(`configuration-set/${service}-${stage}`)],
    ),
    // An action of the account, which has no ARN.
    readSmsAttributes: allow(['sns:GetSMSAttributes'], '*'),
    createPushEndpoints: allow(['sns:CreatePlatformEndpoint'], ofStage(applications)),
    // Includes former applications of the stage, whose push endpoints are deleted when phones move
    // or customers leave.
    changePushEndpoints: allow(
      ['sns:SetEndpointAttributes', 'sns:DeleteEndpoint'],
      sub(`arn:\${AWS::Partition}:sns:${inRegion}:endpoint/*`),
    ),
    push: allow(['sns:Publish'], ofStage(endpoints)),
    putImages: allow(['s3:PutObject', 's3:DeleteObject'], images),
    deleteImages: allow(['s3:DeleteObject'], images),
    listImages: allow(['s3:ListBucket'], arnOf('Images')),
    reportFailure: allow(['sqs:SendMessage'], arnOf('FailedChanges')),
    enqueue: allow(['sqs:SendMessage'], arnOf('Broadcasts')),
    otpSecrets: allow(['ssm:GetParameter'], secret('otp-secrets')),
    healthKey: allow(['ssm:GetParameter'], secret('health-key')),
    sign: allow(['ssm:GetParameter'], secret('signing-keys')),
  };
}

/** The names of all permissions, for the schema of serverless.yml. */
export const permissionNames = Object.keys(permissionsOf({ service: '', stage: '', pushApplications: [] }));
