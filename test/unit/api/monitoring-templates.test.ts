// The alert rules and the dashboard in templates/monitoring. promtool checks them too where it is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { Metrics } from '../../../daemon/api/metrics/metrics.ts';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { root } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const PROMTOOL = process.env['NF_ESCROW_TEST_PROMTOOL'] ?? '/usr/bin/promtool';
const RULES = join(root, 'templates/monitoring/prometheus-rules.yaml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(
  readFileSync(join(root, 'templates/monitoring/grafana-dashboard.json'), 'utf8'),
) as Dashboard;

void t.test('alerts and dashboard use metrics and labels that exist', async (t) => {
  const ledger = await openLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => ledger.close());
  const metrics = new Metrics(ledger, '0', () => 0);
  const text = await metrics.text();
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

  if (!existsSync(PROMTOOL)) {
    t.pass('skipped', { skip: `${PROMTOOL} is not installed` });
    return;
  }
  const checked = spawnSync(PROMTOOL, ['check', 'metrics'], { input: text, encoding: 'utf8' });
  // Names of Node's own metrics are not ours.
  t.same(
    checked.stderr.split('\n').filter((line) => line.startsWith('nf_escrow')),
    [],
  );
  const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'rules', RULES], { encoding: 'utf8' });
  t.equal(status, 0, stdout + stderr);
  const cases = join(temporaryDirectory(t), 'cases.yaml');
  writeFileSync(cases, CASES.replace('@RULES@', RULES));
  const simulated = spawnSync(PROMTOOL, ['test', 'rules', cases], { encoding: 'utf8' });
  t.equal(simulated.status, 0, simulated.stdout + simulated.stderr);
});

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
