import { ofType, type Resources } from '../../../deploy/template.ts';
import { fitPolicy } from './emulatorPolicies.ts';

interface Serverless {
  service: {
    provider: {
      compiledCloudFormationTemplate: { Resources: Resources };
      coreCloudFormationTemplate: { Resources: Resources };
    };
    resources: { Resources: Resources };
  };
}

/** Adapts templates to MiniStack. */
class EmulatorPlugin {
  readonly hooks = {
    'after:package:initialize': () => {
      drop(this.#service.provider.coreCloudFormationTemplate.Resources);
      drop(this.#service.provider.compiledCloudFormationTemplate.Resources);
    },
    'before:package:finalize': () => {
      drop(this.#service.resources.Resources);
      for (const [, { Properties }] of ofType(
        this.#service.provider.compiledCloudFormationTemplate.Resources,
        'AWS::IAM::Role',
      )) {
        for (const policy of Properties.Policies) policy.PolicyDocument = fitPolicy(policy.PolicyDocument);
      }
    },
  };
  readonly #service: Serverless['service'];

  constructor({ service }: Serverless) {
    this.#service = service;
  }
}

/**
 * MiniStack knows no alarms with metric math. Buckets reject its HTTP, because their policies
 * require TLS.
 */
function drop(resources: Resources): void {
  for (const [name, { Type, Properties }] of Object.entries(resources)) {
    if (Properties?.Metrics || Type === 'AWS::S3::BucketPolicy') delete resources[name];
  }
}

export { EmulatorPlugin as 'module.exports' };
