import { config } from '../config/config.ts';
import { logger } from '../logger.ts';

/**
 * Logs an event that CloudWatch also counts as a metric, in total and by its dimensions.
 * @see
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function countEvent(event: string, metric: string, dimensions: Record<string, string>): void {
  const Timestamp = Date.now();
  const description = {
    Namespace: config.stackName,
    Dimensions: [[], Object.keys(dimensions)],
    Metrics: [{ Name: metric, Unit: 'Count' }],
  };
  logger.info(event, {
    ...dimensions,
    [metric]: 1,
    _aws: { Timestamp, CloudWatchMetrics: [description] },
  });
}
