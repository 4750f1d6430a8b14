import { createHash } from 'node:crypto';
import { corsPolicy } from '../lib/http/corsPolicy.ts';
import { describeRole } from './roles.ts';
import { ofType, type Resource, type Resources, takeType } from './template.ts';

interface Api {
  /** The prefix of the names of all functions that the API may invoke. */
  functionPrefix: string;
  /** The origins of `Access-Control-Allow-Origin`, separated by commas. */
  corsOrigins: string;
  /** The headers that the service adds to those of {@link corsPolicy}. */
  corsRequestHeaders?: string[];
}

const apiId = 'ApiGatewayRestApi';
const invokeRoleId = 'ApiInvokeRole';

/**
 * Replaces the API's resources, methods, permissions and gateway responses, as Serverless made them
 * of the `http` events, by one OpenAPI document. Each path would otherwise cost several of the 500
 * resources that a stack can have.
 * @returns the logical id of the deployment
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
 */
export function describeApi(resources: Resources, ownResources: Resources, api: Api): string {
  const { Properties: properties } = resources[apiId] as Resource;
  const { Policy: _, ...others } = properties;
  const body = {
    openapi: '3.0.1',
    info: { title: properties.Name, version: '1' },
    paths: describePaths(resources, describePreflight(api)),
    // The document replaces the settings of the API, so it repeats them.
    'x-amazon-apigateway-binary-media-types': others.BinaryMediaTypes,
    'x-amazon-apigateway-minimum-compression-size': others.MinimumCompressionSize,
    'x-amazon-apigateway-gateway-responses': describeGatewayResponses(ownResources, api.corsOrigins),
  };
  resources[apiId] = {
    Type: 'AWS::ApiGateway::RestApi',
    Properties: { ...others, Body: body, Parameters: { endpointConfigurationTypes: 'REGIONAL' } },
  };
  resources[invokeRoleId] = describeInvokeRole(api.functionPrefix);
  takeType(resources, 'AWS::Lambda::Permission');
  takeType(resources, 'AWS::ApiGateway::Deployment');
  // A deployment is a snapshot of the API, so another document needs another one.
  const deploymentId = `ApiGatewayDeployment${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 12)}`;
  resources[deploymentId] = { Type: 'AWS::ApiGateway::Deployment', Properties: { RestApiId: { Ref: apiId } } };
  return deploymentId;
}

/** All that `ANY` stands for. Emulators of AWS do not import `x-amazon-apigateway-any-method`. */
const anyMethod = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'];

function describePaths(resources: Resources, preflight: object | undefined): Record<string, Record<string, object>> {
  const methods = takeType(resources, 'AWS::ApiGateway::Method');
  const pathOf = (resourceId: string | undefined): string => {
    const properties = resourceId ? resources[resourceId]?.Properties : undefined;
    return properties ? `${pathOf(properties.ParentId.Ref)}/${properties.PathPart}` : '';
  };
  const paths: Record<string, Record<string, object>> = {};
  for (const [, { Properties }] of methods) {
    const path = pathOf(Properties.ResourceId.Ref) || '/';
    const description = describeMethod(path, Properties.Integration);
    const { [path]: described = {} } = paths;
    paths[path] =
      Properties.HttpMethod === 'ANY'
        ? { ...Object.fromEntries(anyMethod.map((method) => [method, description])), ...described }
        : { ...described, [Properties.HttpMethod.toLowerCase()]: description };
  }
  takeType(resources, 'AWS::ApiGateway::Resource');
  for (const [path, described] of Object.entries(paths)) {
    const isServed = new Set(Object.values(described)).size > 1;
    if (preflight && isServed) paths[path] = { ...described, options: preflight };
  }
  return paths;
}

/**
 * Lets API Gateway respond to preflight requests itself, which runs no function. It cannot choose
 * among several origins, so the fallback does that.
 */
function describePreflight({ corsOrigins, corsRequestHeaders = [] }: Api): object | undefined {
  if (corsOrigins === '' || corsOrigins.includes(',') || /.\*/.test(corsOrigins)) return undefined;
  const headers: Record<string, string> = {
    'Access-Control-Allow-Origin': corsOrigins,
    'Access-Control-Allow-Methods': corsPolicy.methods,
    'Access-Control-Allow-Headers': corsPolicy.headersWith(corsRequestHeaders),
    'Access-Control-Max-Age': String(corsPolicy.maxAgeSeconds),
  };
  return {
    responses: {
      204: { description: 'Preflight', headers: mapValues(headers, () => ({ schema: { type: 'string' } })) },
    },
    'x-amazon-apigateway-integration': {
      type: 'mock',
      requestTemplates: { 'application/json': '{"statusCode": 204}' },
      // All media types are binary, and a template needs text.
      contentHandling: 'CONVERT_TO_TEXT',
      responses: {
        default: {
          statusCode: '204',
          responseParameters: Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [`method.response.header.${name}`, `'${value}'`]),
          ),
        },
      },
    },
  };
}

const mapValues = <T, U>(record: Record<string, T>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

function describeMethod(path: string, { Type, IntegrationHttpMethod, Uri }: Resource['Properties']): object {
  const parameters = Array.from(path.matchAll(/\{(\w+)\+?\}/g), ([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const [functionId] = Uri['Fn::Join'][1].flatMap((part: Resource['Properties']) => part['Fn::GetAtt'] ?? []);
  const uri = `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${functionId}.Arn}/invocations`;
  return {
    ...(parameters.length > 0 && { parameters }),
    responses: {},
    'x-amazon-apigateway-integration': {
      type: Type.toLowerCase(),
      httpMethod: IntegrationHttpMethod,
      uri: { 'Fn::Sub': uri },
      credentials: { 'Fn::GetAtt': [invokeRoleId, 'Arn'] },
      passthroughBehavior: 'when_no_match',
    },
  };
}

function describeGatewayResponses(ownResources: Resources, corsOrigins: string): Record<string, object> {
  const cors = corsOrigins && {
    // A gateway response cannot choose among several origins. It holds nothing but the error.
    'gatewayresponse.header.access-control-allow-origin': `'${corsOrigins.includes(',') ? '*' : corsOrigins}'`,
    'gatewayresponse.header.access-control-expose-headers': "'x-request-id, retry-after'",
  };
  return Object.fromEntries(
    takeType(ownResources, 'AWS::ApiGateway::GatewayResponse').map(([, { Properties }]) => [
      Properties.ResponseType,
      {
        statusCode: Properties.StatusCode,
        responseParameters: { ...Properties.ResponseParameters, ...cors },
        responseTemplates: Properties.ResponseTemplates,
      },
    ]),
  );
}

/** One role instead of a permission for each function and path. */
function describeInvokeRole(functionPrefix: string): Resource {
  const functions = `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${functionPrefix}*`;
  return describeRole('apigateway.amazonaws.com', [
    { Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: { 'Fn::Sub': functions } },
  ]);
}

/** Returns the functions of a document by their routes, such as `GET /api/customers/me`. */
export function routesOf(resources: Resources): Record<string, string> {
  const [[, api] = []] = ofType(resources, 'AWS::ApiGateway::RestApi');
  const paths = Object.entries(api?.Properties.Body.paths as Record<string, Record<string, object>>);
  return Object.fromEntries(
    paths.flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, description]) => {
        const [, functionId = ''] = JSON.stringify(description).match(/\{(\w+)LambdaFunction\.Arn\}/) ?? [];
        return [`${method.toUpperCase()} ${path}`, functionId];
      }),
    ),
  );
}
