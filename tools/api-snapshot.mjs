// Compares the public API of each published package with its snapshot in docs/api, or rewrites the
// snapshots with --update. A change of the API is thereby a change that a reviewer sees.
// Expects a finished build, since it reads the declarations in `dist`.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishedPackages, root } from './published-packages.mjs';

const { Extractor, ExtractorConfig } = createRequire(join(root, 'docs', 'package.json'))(
  '@microsoft/api-extractor',
);
const update = process.argv.includes('--update');
const snapshots = join(root, 'docs', 'api');
const fresh = mkdtempSync(join(tmpdir(), 'troupe-api-'));
let failed = false;

try {
  mkdirSync(snapshots, { recursive: true });
  const known = new Set();
  for (const published of publishedPackages()) {
    const file = `${published.name}.api.md`;
    known.add(file);
    report(published, file);
    if (update) copyFileSync(join(fresh, file), join(snapshots, file));
    else compare(file);
  }
  for (const file of readdirSync(snapshots).filter((name) => !known.has(name))) {
    if (update) rmSync(join(snapshots, file));
    else fail(`docs/api/${file} belongs to no published package.`);
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
if (failed) {
  console.error('\nThe public API differs from docs/api. If that is intended: npm run api -- --update');
  process.exitCode = 1;
} else {
  console.log(update ? 'docs/api is rewritten.' : 'The public API is as docs/api says.');
}

function report({ folder }, file) {
  const temporary = join(fresh, 'work');
  mkdirSync(temporary, { recursive: true });
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(folder, 'api-extractor.json'),
    packageJsonFullPath: join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, 'dist', 'index.d.ts'),
      newlineKind: 'lf',
      apiReport: { enabled: true, reportFolder: fresh, reportTempFolder: temporary, reportFileName: file },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      compiler: { overrideTsconfig: compilerConfig() },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        extractorMessageReporting: {
          default: { logLevel: 'none' },
          'ae-forgotten-export': { logLevel: 'none', addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: true,
    showVerboseMessages: false,
    messageCallback: quiet,
  });
  if (!result.succeeded) fail(`${file}: the API could not be read (${result.errorCount} errors).`);
}

/** What declarations need to be read; the sources were checked by the build. */
function compilerConfig() {
  return {
    compilerOptions: {
      target: 'ES2023',
      lib: ['ES2023', 'ESNext.Disposable'],
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
      strict: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      noEmit: true,
    },
    include: ['dist/index.d.ts'],
  };
}

function quiet(message) {
  if (message.logLevel !== 'error') message.handled = true;
}

function compare(file) {
  const snapshot = join(snapshots, file);
  if (!existsSync(snapshot)) return fail(`docs/api/${file} is missing.`);
  const { status, stdout } = spawnSync(
    'git',
    ['diff', '--no-index', '--no-color', '--', snapshot, join(fresh, file)],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) fail(`docs/api/${file} differs:\n${stdout}`);
}

function fail(message) {
  console.error(message);
  failed = true;
}
