// Builds the page into the folder that the server looks in; OUT_DIR names another one.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { defineConfig } from "vite";

const LEAST_BYTES = 1000;
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

// Each text beside itself in the codings that browsers take, so that the server only hands them out.
const compressed = {
  name: "compressed",
  async writeBundle({ dir }) {
    const folder = join(dir, "assets");
    for (const name of await readdir(folder)) {
      const bytes = await readFile(join(folder, name));
      if (!/\.(js|css|ttf|svg)$/.test(name) || bytes.length < LEAST_BYTES) continue;
      await writeFile(join(folder, `${name}.br`), await promisify(brotliCompress)(bytes, BROTLI));
      await writeFile(join(folder, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }));
    }
  },
};

export default defineConfig({
  base: "./",
  plugins: [compressed],
  worker: { format: "es" },
  build: {
    outDir: process.env.OUT_DIR ?? "../harvest_graphql/_explorer",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4000,
    license: { fileName: "licences.md" },
    rolldownOptions: {
      checks: { pluginTimings: false },
      // What libraries say to servers that render React means nothing here.
      onLog: (level, log, told) => log.code === "MODULE_LEVEL_DIRECTIVE" || told(level, log),
    },
  },
});
