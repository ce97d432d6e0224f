package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import nextflow.cloud.aws.batch.AwsBatchExecutor;
import nextflow.exception.AbortOperationException;
import nextflow.executor.Executor;
import nextflow.executor.local.LocalExecutor;
import nextflow.util.ServiceName;
import org.junit.jupiter.api.Test;

class ExecutorCheckFactoryTest {
    @ServiceName(value = "awsbatch")
    static class Later extends AwsBatchExecutor {}

    @ServiceName(value = "awsbatch", important = true)
    static class Important extends AwsBatchExecutor {}

    @Test
    void acceptsTheExecutorOfNfEscrow() {
        ExecutorCheckFactory.check(List.of(AwsBatchExecutor.class, EscrowBatchExecutor.class));
        ExecutorCheckFactory.check(List.of(LocalExecutor.class, EscrowBatchExecutor.class, AwsBatchExecutor.class));
        ExecutorCheckFactory.check(List.of(EscrowBatchExecutor.class, Important.class, Later.class));
        ExecutorCheckFactory.check(List.of(Later.class, EscrowBatchExecutor.class));
    }

    @Test
    void rejectsAnyOtherExecutor() {
        rejects("AwsBatchExecutor, not the class of nf-escrow", List.of(AwsBatchExecutor.class));
        rejects("Important, not the class of nf-escrow", List.of(Important.class, EscrowBatchExecutor.class));
        rejects("Later, not the class of nf-escrow", List.of(AwsBatchExecutor.class, Later.class, LocalExecutor.class));
        rejects("no executor awsbatch", List.of());
    }

    private static void rejects(String reason, List<Class<? extends Executor>> executors) {
        String message = assertThrows(AbortOperationException.class, () -> ExecutorCheckFactory.check(executors)).getMessage();
        assertTrue(message.contains(reason) && message.contains("No task was submitted"), message);
    }
}
