#ifndef XEDGESIM_HAL_FAULT_H
#define XEDGESIM_HAL_FAULT_H

/* Prints the stacked registers and the fault status on the console, then resets the chip. */
void fault_handler(void);

/* The same end for an error the program itself has found; `reason` is one short clause. */
void fault_panic(const char* reason) __attribute__((noreturn));

#endif
