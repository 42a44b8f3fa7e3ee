console.error("said on purpose");
throw new Error("thrown on purpose");
