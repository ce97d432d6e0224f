import { userInfo } from 'node:os';
import type { CommandResult, RunCommand } from '../../daemon/schedulers/command.ts';

interface FakeJob {
  readonly id: string;
  readonly name: string;
  over: boolean;
}

/** The state of a fake scheduler, in memory. */
export class FakeServer {
  readonly jobs: FakeJob[] = [];
  down = false;

  add(name: string, id: string): string {
    this.jobs.push({ id, name, over: false });
    return id;
  }

  get next(): number {
    return this.jobs.length + 1;
  }

  byId(id: string): FakeJob | undefined {
    return this.jobs.find((job) => job.id === id);
  }

  byName(name: string | undefined): FakeJob[] {
    return this.jobs.filter((job) => job.name === name);
  }
}

const said = (stdout: string): CommandResult => ({ status: 0, stdout, stderr: '' });
const complained = (status: number, stderr: string, stdout = ''): CommandResult => ({
  status,
  stdout,
  stderr,
});
const after = (args: readonly string[], option: string): string | undefined => args[args.indexOf(option) + 1];

/** Fakes the commands of OpenPBS 20, with messages from its sources (src/cmds, src/lib/Liberr). Lists no finished jobs. */
export function fakePbs(server: FakeServer): RunCommand {
  return async (command, args) => {
    if (server.down)
      return complained(111, `Connection refused\n${command}: cannot connect to server pbs (errno=111)\n`);
    const last = args.at(-1) ?? '';
    if (command === 'qsub') {
      if (args.includes('-l')) return complained(188, 'qsub: Unknown resource: nosuch\n');
      return said(`${server.add(after(args, '-N') ?? '', `${String(server.next)}.pbs`)}\n`);
    }
    if (command === 'qselect') {
      const open = server.byName(after(args, '-N')).filter(({ over }) => !over);
      return said(open.map(({ id }) => `${id}\n`).join(''));
    }
    if (command === 'qdel') {
      const job = server.byId(last);
      if (job === undefined) return complained(153, `qdel: Unknown Job Id ${last}\n`);
      if (job.over) return complained(35, `qdel: Job has finished ${last}\n`);
      job.over = true;
      return said('');
    }
    const wanted = args.slice(2).map((id) => ({ id, job: server.byId(id) }));
    const complaints = wanted.flatMap(({ id, job }) => {
      if (job === undefined) return [`qstat: Unknown Job Id ${id}\n`];
      return job.over
        ? [`qstat: ${id} Job has finished, use -x or -H to obtain historical job information\n`]
        : [];
    });
    const text = wanted
      .flatMap(({ job }) => (job === undefined || job.over ? [] : [pbsBlock(job)]))
      .join('\n');
    return complained(complaints.length === 0 ? 0 : 35, complaints.join(''), text);
  };
}

function pbsBlock({ id, name }: FakeJob): string {
  const created = new Date()
    .toUTCString()
    .replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1 $3 $2 $5 $4');
  return `Job Id: ${id}
    Job_Name = ${name}
    Job_Owner = ${userInfo().username}@login1
    resources_used.cpupct = 0
    job_state = R
    queue = workq
    ctime = ${created}
    Error_Path = login1:/scratch/ada/a-long-way/to-a-directory/that-needs-a-second
\t-line.e
    Variable_List = PBS_O_HOME=/home/ada,PBS_O_WORKDIR=${process.cwd()},PBS_O_PATH=/usr/bin,
\tjob_state = F
    run_count = 1
    Submit_arguments = -N ${name}
`;
}

/** Fakes the commands of Spectrum LSF 10.1, with messages from its reference. Lists finished jobs (for an hour, really). */
export function fakeLsf(server: FakeServer): RunCommand {
  return async (command, args) => {
    if (server.down) return complained(255, 'LSF is down. Please wait ...\n');
    const last = args.at(-1) ?? '';
    if (command === 'bsub') {
      if (args.includes('-R'))
        return complained(255, 'Bad resource requirement syntax. Job not submitted.\n');
      return said(
        `Job <${server.add(after(args, '-J') ?? '', String(server.next))}> is submitted to default queue <normal>.\n`,
      );
    }
    if (command === 'bkill') {
      const job = server.byId(last);
      if (job === undefined) return complained(255, `Job <${last}>: No matching job found\n`);
      if (job.over) return complained(255, `Job <${last}>: Job has already finished\n`);
      job.over = true;
      return said(`Job <${last}> is being terminated\n`);
    }
    if (args.includes('-json')) {
      const job = server.byId(last);
      const record =
        job === undefined
          ? { JOBID: last, ERROR: `Job <${last}> is not found` }
          : {
              ...{ JOBID: last, JOBINDEX: '0', USER: userInfo().username, SUB_CWD: process.cwd() },
              SUBMIT_TIME: new Date()
                .toUTCString()
                .replace(/^\w+, (\d+) (\w+) \d+ ([\d:]{5}).*$/, '$2 $1 $3'),
            };
      return complained(0, '', JSON.stringify({ COMMAND: 'bjobs', JOBS: 1, RECORDS: [record] }));
    }
    if (args.includes('-J')) {
      const found = server.byName(after(args, '-J'));
      if (found.length === 0) return complained(255, `Job <${last}> is not found\n`);
      return said(found.map(({ id }) => `${id}\n`).join(''));
    }
    const ids = args.slice(args.indexOf('-o') + 2);
    const known = ids.flatMap((id) => server.byId(id) ?? []);
    const unknown = ids.filter((id) => server.byId(id) === undefined);
    const text = known.map(({ id, over }) => `${id} ${over ? 'EXIT ' : 'PEND '}\n`).join('');
    return complained(
      known.length === 0 ? 255 : 0,
      unknown.map((id) => `Job <${id}> is not found\n`).join(''),
      text,
    );
  };
}
