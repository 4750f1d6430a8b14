import { handler as fallback } from '../functions/fallback.ts';
import { useWorld } from '../lib/testing/stage/world.ts';
import { describeApi } from './apiDocument.ts';
import type { Resources } from './template.ts';

const origin = 'https://shop.example';
const world = useWorld({
  seed: [],
  environment: { CORS_ORIGINS: origin, METHODS_BY_RESOURCE: '{"/api/devices":["GET"]}' },
});

const functionUri = { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['ListDevicesLambdaFunction', 'Arn'] }]] };
const method = (HttpMethod: string) => ({
  Type: 'AWS::ApiGateway::Method',
  Properties: { HttpMethod, ResourceId: { Ref: 'Devices' }, Integration: { Type: 'AWS_PROXY', Uri: functionUri } },
});

function preflightFor(corsOrigins: string) {
  const compiled: Resources = {
    ApiGatewayRestApi: { Type: 'AWS::ApiGateway::RestApi', Properties: {} },
    Devices: { Type: 'AWS::ApiGateway::Resource', Properties: { ParentId: {}, PathPart: 'devices' } },
    ListDevices: method('GET'),
    Others: method('ANY'),
  };
  describeApi(compiled, {}, { functionPrefix: 'shop-', corsOrigins });
  return compiled.ApiGatewayRestApi?.Properties.Body.paths['/devices'].options['x-amazon-apigateway-integration'];
}

test('API Gateway responds to a preflight request like the function, if there is one origin', async () => {
  const { status, headers } = await world.call(fallback, {
    method: 'OPTIONS',
    resource: '/api/devices',
    headers: { Origin: origin, 'Access-Control-Request-Method': 'GET' },
  });
  const { statusCode, responseParameters } = preflightFor(origin).responses.default;
  expect(Number(statusCode)).toBe(status);
  const described = Object.entries(responseParameters as Record<string, string>).map(([name, value]) => [
    name.replace('method.response.header.', ''),
    value.slice(1, -1),
  ]);
  const corsHeaders = Object.entries(headers).filter(([name]) => /^access-control-(?!expose)/i.test(name));
  expect(Object.fromEntries(described)).toEqual(
    Object.fromEntries(corsHeaders.map(([name, value]) => [name, String(value)])),
  );
});

test.each(['', `${origin},https://admin.example`, 'https://*.shop.example'])(
  'the function responds to preflight requests if the origins are %p',
  (origins) => {
    expect(preflightFor(origins).type).toBe('aws_proxy');
  },
);
