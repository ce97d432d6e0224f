// The alert rules and the dashboard in templates/monitoring: the metrics that they use, and the formats of Prometheus and Grafana.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { Metrics } from '../../../daemon/api/metrics/metrics.ts';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { findProgram } from '../../../daemon/system/files/find-program.ts';
import { dashboardSchema } from '../../support/dashboard-schema.ts';
import { root } from '../../support/sandbox.ts';
import { skipUnlessRequired } from '../../support/skip-unless-required.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const RULES = join(root, 'templates/monitoring/prometheus-rules.yaml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string; readonly refId: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(
  readFileSync(join(root, 'templates/monitoring/grafana-dashboard.json'), 'utf8'),
) as Dashboard;

void t.test('alerts and dashboard use metrics and labels that exist', async (t) => {
  const text = await metricsText(t);
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
  );
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ];
  t.ok(expressions.length > 15);
  for (const expression of expressions) {
    for (const [name] of expression.matchAll(/\b(?:nf_escrow|process)_\w+/g))
      t.ok(names.includes(name), name);
    for (const [, labels = ''] of expression.matchAll(/by \(([^)]*)\)/g))
      for (const label of labels.split(', '))
        t.ok(
          [
            'instance',
            'le',
            'state',
            'outcome',
            'store',
            'platform',
            'operation',
            'result',
            'route',
            'status',
          ].includes(label),
          label,
        );
  }
  for (const { alert, annotations, labels } of rules) {
    t.match(alert, /^NfEscrow[A-Z]\w+$/);
    t.ok(annotations.summary !== '' && annotations.description !== '', alert);
    t.match(labels.severity, /^(warning|critical)$/);
  }
  const own = names.filter((name) => name.startsWith('nf_escrow_') && !/_(count|sum|info)$/.test(name));
  for (const name of own)
    t.ok(
      expressions.some((one) => one.includes(name)),
      `${name} is on the dashboard`,
    );
});

void t.test('promtool accepts metrics and rules, and the rules raise the alerts', async (t) => {
  const promtool = process.env['NF_ESCROW_TEST_PROMTOOL'] ?? findProgram('promtool', process.env['PATH']);
  if (promtool === undefined) {
    skipUnlessRequired(t, 'promtool is not installed');
    return;
  }
  const input = await metricsText(t);
  const checked = spawnSync(promtool, ['check', 'metrics'], { input, encoding: 'utf8' });
  // Names of Node's own metrics are not ours.
  t.same(
    checked.stderr.split('\n').filter((line) => line.startsWith('nf_escrow')),
    [],
  );
  t.equal(checked.error, undefined);
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'rules', RULES], { encoding: 'utf8' });
  t.equal(status, 0, stdout + stderr);
  const cases = join(temporaryDirectory(t), 'cases.yaml');
  writeFileSync(cases, CASES.replace('@RULES@', RULES));
  const simulated = spawnSync(promtool, ['test', 'rules', cases], { encoding: 'utf8' });
  t.equal(simulated.status, 0, simulated.stdout + simulated.stderr);
});

void t.test('the dashboard has the format of Grafana', (t) => {
  const validate = new Ajv2020({ allErrors: true, strictTuples: false }).compile(dashboardSchema);
  t.ok(validate(dashboard), JSON.stringify(validate.errors));
  t.notOk(
    validate({ ...dashboard, panels: [{ ...dashboard.panels[0], legendFormat: 'x' }] }),
    'an unknown property',
  );
  const { panels, templating } = dashboard;
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'the ids are unique');
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from(
      { length: w * h },
      (_, index) => `${String(x + (index % w))} ${String(y + Math.floor(index / w))}`,
    ),
  );
  t.equal(new Set(cells).size, cells.length, 'the panels do not overlap');
  for (const { title, gridPos, targets } of panels) {
    t.ok(gridPos.x + gridPos.w <= 24, `${title} is inside the grid`);
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
  const variables = new Set(templating.list.map(({ name }) => name));
  const used = JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g);
  for (const [, name = ''] of used) t.ok(variables.has(name) || name.startsWith('__'), name);
  t.end();
});

/** Returns the metrics of a daemon with an empty ledger, as Prometheus receives them. */
async function metricsText(t: Test): Promise<string> {
  const ledger = await openLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => ledger.close());
  return new Metrics(ledger, '0', () => 0).text();
}

/** Series, and the alerts that they must cause. */
const CASES = `
rule_files: ['@RULES@']
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'nf_escrow_oldest_pending_removal_seconds{instance="a"}'
        values: '0+60x40'
      - series: 'nf_escrow_oldest_pending_removal_seconds{instance="b"}'
        values: '0x40'
      - series: 'nf_escrow_aws_requests_total{instance="a",operation="DeleteSecret",result="denied"}'
        values: '0+10x60'
      - series: 'nf_escrow_aws_requests_total{instance="a",operation="DeleteSecret",result="ok"}'
        values: '0+1x60'
    promql_expr_test:
      - expr: ALERTS{alertname="NfEscrowRemovalPending",alertstate="firing"}
        eval_time: 30m
        exp_samples:
          - labels: 'ALERTS{alertname="NfEscrowRemovalPending",alertstate="firing",instance="a",severity="critical"}'
            value: 1
      - expr: ALERTS{alertname="NfEscrowAwsRequestsFail",alertstate="firing"}
        eval_time: 40m
        exp_samples:
          - labels: 'ALERTS{alertname="NfEscrowAwsRequestsFail",alertstate="firing",instance="a",operation="DeleteSecret",severity="warning"}'
            value: 1
`;
