import { createRequire } from 'node:module';
import prices from './prices.json' with { type: 'json' };

interface MonitoringResource {
  Type: string;
  Properties: {
    Metrics?: { MetricStat?: object }[];
    MetricTransformations?: { MetricName: string }[];
  };
}

/**
 * The metrics of log events (lib/aws/metrics.ts): sent codes, sent notices and entered codes, in
 * total and by type, in one country.
 */
const eventMetrics = 8;

const load = createRequire(import.meta.url);

/** Returns the monthly dollars of a production stage without requests. */
export async function fixedMonthlyCost(): Promise<number> {
  const all: MonitoringResource[] = Object.values(load('../deploy/monitoring.cjs').resources.Resources);
  const ofType = (type: string) => all.filter(({ Type }) => Type === type);
  const alarmMetrics = ofType('AWS::CloudWatch::Alarm').reduce(
    (total, { Properties: { Metrics = [{ MetricStat: {} }] } }) =>
      total + Metrics.filter((one) => one.MetricStat).length,
    0,
  );
  const filterMetrics = new Set(
    ofType('AWS::Logs::MetricFilter').flatMap(({ Properties: { MetricTransformations = [] } }) =>
      MetricTransformations.map(({ MetricName }) => MetricName),
    ),
  );
  return (
    alarmMetrics * prices.alarmMetricPerMonth +
    (filterMetrics.size + eventMetrics) * prices.customMetricPerMonth +
    ofType('AWS::CloudWatch::Dashboard').length * prices.dashboardPerMonth +
    prices.kmsKeyPerMonth +
    prices.wafWebAclPerMonth +
    (await countWebAclRules()) * prices.wafRulePerMonth
  );
}

async function countWebAclRules(): Promise<number> {
  const resolveVariable = async (variable: string) => (variable === 'param:webAcl' ? 'true' : '');
  const { resources } = await load('../deploy/webAcl.cjs')({ resolveVariable });
  return resources.Resources.WebAcl.Properties.Rules.length;
}
