import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const size = { width: 860, height: 420 };

export function draw({ title, kind, unit, categories, series }) {
  const chart = init(undefined, undefined, { renderer: 'svg', ssr: true, ...size });
  const isLong = categories.length > 8;
  chart.setOption({
    backgroundColor: '#fff',
    title: { text: title, left: 'center' },
    legend: { top: 40 },
    grid: { top: 108, bottom: 24, left: 32, right: 32 },
    xAxis: { type: 'category', data: categories, axisLabel: { interval: 0, rotate: isLong ? 60 : 0 } },
    yAxis: { type: 'value', name: unit },
    series: series.map(({ name, values }) => ({ type: kind, name, data: values })),
    animation: false,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
