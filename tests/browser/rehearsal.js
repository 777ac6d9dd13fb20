// The rehearsal as a process: started, waited for, and ended.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const workspace = fileURLToPath(new URL("../../", import.meta.url));
const PATIENCE = 600_000; // it may have to be built

// Starts `cargo rehearse --serve …` and gives where its board is, and how to end it.
export function serve(...scenario) {
  // What is built already is named by REHEARSAL.
  const [program, ...rest] = (process.env.REHEARSAL ?? "cargo run --quiet --bin rehearsal --").split(" ");
  const rehearsal = spawn(
    program,
    [...rest, "--serve", ...scenario],
    // A group of its own, so that the functions' processes end with it.
    { cwd: workspace, stdio: ["ignore", "pipe", "inherit"], detached: true },
  );
  const end = () => {
    try {
      process.kill(-rehearsal.pid, "SIGINT");
    } catch {
      // It has ended by itself.
    }
  };
  const lines = createInterface({ input: rehearsal.stdout });
  const url = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the rehearsal does not say where its board is")), PATIENCE);
    lines.on("line", (line) => {
      const found = line.match(/shows it: (http:\S+)/);
      if (!found) return;
      clearTimeout(late);
      resolve(found[1]);
    });
    rehearsal.on("exit", (code) => reject(new Error(`the rehearsal ended with ${code}`)));
  });
  return { url, end };
}
