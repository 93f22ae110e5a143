// How to start a delegate, in the words of the place where it will run: a shell, systemd, Docker, Kubernetes or ECS. Every text runs the one
// command there is, `sallyport delegate run`, and quotes what was typed as that place wants it.

export const INSTALL_PLACES = ['shell', 'systemd', 'docker', 'kubernetes', 'ecs'] as const;
export type InstallPlace = (typeof INSTALL_PLACES)[number];

export type InstallChoice = {
  /** Address of the server. */
  server: string;
  /** Empty: the host name is taken. */
  name: string;
  selectors: readonly string[];
  /** The delegate token in clear, or what stands in its place. */
  token: string;
};

export type InstallStep = {
  title: string;
  /** What to know about it; null: nothing. */
  note: string | null;
  text: string;
};

/** Stands for what nobody but the reader can know. */
const IMAGE = 'YOUR-IMAGE-WITH-SALLYPORT';
const DATA = '/var/lib/sallyport/delegate';
/** Longer than the delegate takes to finish what is under way, 25 seconds unless told otherwise. */
const STOP_SECONDS = 40;
const ENVIRONMENT_NAME = 'SALLYPORT_DELEGATE_TOKEN';

export function installSteps(place: InstallPlace, choice: InstallChoice): InstallStep[] {
  return STEPS[place](choice);
}

const STEPS: Readonly<Record<InstallPlace, (choice: InstallChoice) => InstallStep[]>> = {
  shell: shellSteps,
  systemd: systemdSteps,
  docker: dockerSteps,
  kubernetes: kubernetesSteps,
  ecs: ecsSteps,
};

/** The command as a list of words. */
function commandOf({ server, name, selectors }: InstallChoice, more: readonly string[]): string[] {
  return [
    'sallyport',
    'delegate',
    'run',
    '--server',
    server,
    ...(name === '' ? [] : ['--name', name]),
    ...selectors.flatMap((selector) => ['--selector', selector]),
    ...more,
    ...(needsPlainHttp(server) ? ['--allow-plain-http'] : []),
  ];
}

/** Plain http is accepted on this machine only, unless the delegate is told otherwise. */
function needsPlainHttp(server: string): boolean {
  try {
    const { protocol, hostname } = new URL(server);
    return protocol === 'http:' && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  } catch {
    return false;
  }
}

function shellSteps(choice: InstallChoice): InstallStep[] {
  const command = commandOf(choice, ['--token-file', 'delegate-token', '--data', 'sallyport-delegate']);
  return [
    {
      title: 'Put the token into a file',
      note: 'A token on the command line could be seen by other users of the machine.',
      text: `(umask 077 && printf '%s\\n' ${shellQuote(choice.token)} > delegate-token)`,
    },
    {
      title: 'Start the delegate',
      note: 'The token is needed the first time only: afterwards the delegate proves who it is by its own key, and the flag and the file can go.',
      text: shellLines(command),
    },
  ];
}

function systemdSteps(choice: InstallChoice): InstallStep[] {
  const command = commandOf(choice, ['--data', '/var/lib/sallyport']).map(systemdQuote);
  const unit = [
    '[Unit]',
    'Description=Sallyport delegate',
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    `ExecStart=/usr/bin/env ${[...command, '--token-file', '%d/delegate-token'].join(' ')}`,
    'LoadCredential=delegate-token:/etc/sallyport/delegate-token',
    'DynamicUser=yes',
    'StateDirectory=sallyport',
    'StateDirectoryMode=0700',
    'Restart=always',
    'RestartSec=5',
    `TimeoutStopSec=${STOP_SECONDS}`,
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'ProtectHome=yes',
    'PrivateTmp=yes',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ].join('\n');
  return [
    {
      title: 'Put the token into a file',
      note: 'As root. It has to stay while the unit names it; after the first start its content is of no use to the delegate.',
      text: `(umask 077 && mkdir -p /etc/sallyport && printf '%s\\n' ${shellQuote(choice.token)} > /etc/sallyport/delegate-token)`,
    },
    { title: 'Write /etc/systemd/system/sallyport-delegate.service', note: null, text: unit },
    { title: 'Start the unit', note: null, text: 'systemctl enable --now sallyport-delegate' },
  ];
}

function dockerSteps(choice: InstallChoice): InstallStep[] {
  const words = [
    'docker run --detach --name sallyport-delegate --restart unless-stopped',
    `--stop-timeout ${STOP_SECONDS}`,
    `--env ${ENVIRONMENT_NAME}`,
    '--volume sallyport-delegate:/var/lib/sallyport',
    IMAGE,
  ];
  return [
    {
      title: 'Start the container',
      note: `${IMAGE}: your image with Sallyport. On EC2 a container reaches the instance profile only with a hop limit of 2.`,
      text: [
        `export ${ENVIRONMENT_NAME}=${shellQuote(choice.token)}`,
        `${words.join(' \\\n  ')} \\\n  ${shellLines(commandOf(choice, ['--data', DATA]), '  ')}`,
        `unset ${ENVIRONMENT_NAME}`,
      ].join('\n'),
    },
  ];
}

function kubernetesSteps(choice: InstallChoice): InstallStep[] {
  const command = commandOf(choice, ['--data', DATA]);
  const lines = [
    'apiVersion: v1',
    'kind: Secret',
    'metadata:',
    '  name: sallyport-delegate',
    'stringData:',
    `  token: ${JSON.stringify(choice.token)}`,
    '---',
    'apiVersion: apps/v1',
    'kind: StatefulSet',
    'metadata:',
    '  name: sallyport-delegate',
    'spec:',
    '  serviceName: sallyport-delegate',
    '  replicas: 1',
    '  selector:',
    '    matchLabels:',
    '      app: sallyport-delegate',
    '  template:',
    '    metadata:',
    '      labels:',
    '        app: sallyport-delegate',
    '    spec:',
    `      terminationGracePeriodSeconds: ${STOP_SECONDS}`,
    '      securityContext:',
    '        runAsNonRoot: true',
    '        runAsUser: 1000',
    '        fsGroup: 1000',
    '      containers:',
    '        - name: delegate',
    `          image: ${IMAGE}`,
    '          command:',
    ...command.map((word) => `            - ${JSON.stringify(word)}`),
    '          env:',
    `            - name: ${ENVIRONMENT_NAME}`,
    '              valueFrom:',
    '                secretKeyRef:',
    '                  name: sallyport-delegate',
    '                  key: token',
    '          volumeMounts:',
    '            - name: data',
    '              mountPath: /var/lib/sallyport',
    '  volumeClaimTemplates:',
    '    - metadata:',
    '        name: data',
    '      spec:',
    '        accessModes: [ReadWriteOnce]',
    '        resources:',
    '          requests:',
    '            storage: 1Gi',
  ];
  return [
    {
      title: 'Write sallyport-delegate.yaml',
      note: `${IMAGE}: your image with Sallyport. Name a service account with an AWS role in it where the delegate is to use one. Two pods cannot share one identity, so it is one replica; add a second set for a second delegate.`,
      text: lines.join('\n'),
    },
    { title: 'Apply it', note: null, text: 'kubectl apply --filename sallyport-delegate.yaml' },
  ];
}

function ecsSteps(choice: InstallChoice): InstallStep[] {
  const task = {
    family: 'sallyport-delegate',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    taskRoleArn: 'arn:aws:iam::ACCOUNT:role/ROLE-OF-THE-DELEGATE',
    executionRoleArn: 'arn:aws:iam::ACCOUNT:role/EXECUTION-ROLE',
    containerDefinitions: [
      {
        name: 'delegate',
        image: IMAGE,
        command: commandOf(choice, ['--data', DATA]),
        secrets: [{ name: ENVIRONMENT_NAME, valueFrom: 'ARN-THAT-THE-FIRST-COMMAND-PRINTED' }],
        stopTimeout: STOP_SECONDS,
        mountPoints: [{ sourceVolume: 'data', containerPath: '/var/lib/sallyport' }],
      },
    ],
    volumes: [
      {
        name: 'data',
        efsVolumeConfiguration: { fileSystemId: 'YOUR-FILE-SYSTEM', transitEncryption: 'ENABLED' },
      },
    ],
  };
  return [
    {
      title: 'Hand the token to ECS',
      note: 'The execution role has to be allowed to read it.',
      text: `aws secretsmanager create-secret --name sallyport-delegate-token --secret-string ${shellQuote(choice.token)}`,
    },
    {
      title: 'Write sallyport-delegate.json',
      note: `Replace what stands in capitals. ${IMAGE}: your image with Sallyport. Without a file system that lasts, every new task is a new delegate that needs the token again.`,
      text: JSON.stringify(task, null, 2),
    },
    {
      title: 'Register it, and run it as a service of one task',
      note: null,
      text: 'aws ecs register-task-definition --cli-input-json file://sallyport-delegate.json',
    },
  ];
}

/** A command over several lines: flags with their values one below the other. */
function shellLines(words: readonly string[], indent = ''): string {
  return words.map(shellQuote).join(' ').replaceAll(/ --/g, ` \\\n${indent}  --`);
}

/** One word for a POSIX shell. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_.,/:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** One word in a line of a systemd unit, where `%` and `$` mean something, and backslashes and quotes do too. */
export function systemdQuote(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[A-Za-z0-9_.,/:=@%+$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`)}"`;
}
