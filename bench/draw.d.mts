import type { Chart } from './report.ts';

export function draw(chart: Chart): string;
