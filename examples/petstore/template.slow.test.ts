import { routesOf } from '../../deploy/apiDocument.ts';
import { readFunctions } from '../../lib/openapi/routes.ts';
import { packageStages, type Template } from '../../lib/testing/aws/template.ts';

let dev: Template;
beforeAll(async () => {
  ({ dev } = await packageStages(['dev'], 'examples/petstore'));
});

const ofType = (type: string) => Object.values(dev.Resources).filter(({ Type }) => Type === type);

test('every function has its own role, which allows only its own table and images', () => {
  const functions = readFunctions(import.meta.dirname);
  expect(functions).toHaveLength(21);
  expect(ofType('AWS::Lambda::Function')).toHaveLength(21);
  const roles = functions.map(
    ({ functionName }) => dev.Resources[`${functionName.charAt(0).toUpperCase()}${functionName.slice(1)}Role`],
  );
  expect(JSON.stringify(roles)).not.toMatch(/"Resource":"\*"|dynamodb:\*|s3:\*/);
  for (const role of roles) expect(role).toBeDefined();
});

test('the stage has its own table, requires authentication, and contains no key', () => {
  expect(ofType('AWS::DynamoDB::Table').map(({ Properties }) => Properties.TableName)).toEqual(['petstore-dev']);
  for (const { Properties } of ofType('AWS::Lambda::Function')) {
    expect(Properties.Environment.Variables).toMatchObject({ STAGE: 'dev', OPEN_TO_ALL: 'false', API_KEY_SHA256: '' });
  }
  expect(JSON.stringify(dev)).not.toContain('special-key');
});

test('every path has its methods and the fallback, and API Gateway returns the errors of the Petstore', () => {
  const functions = Object.values(routesOf(dev.Resources));
  expect(functions.filter((name) => name !== 'Fallback')).toHaveLength(20);
  const { Body } = dev.Resources.ApiGatewayRestApi?.Properties ?? {};
  const { THROTTLED } = Body['x-amazon-apigateway-gateway-responses'];
  expect(JSON.parse(THROTTLED.responseTemplates['application/json'])).toMatchObject({ code: 429 });
});
