console.error("The command line is not built yet.");
process.exit(1);
